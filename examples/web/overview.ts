/** What the page shows: all connections of a user. */
import { Users } from "@effect-tink/users"
import { DateTime, Effect, Option } from "effect"
import { Overview } from "./api.js"
import { fromCredential } from "./connection.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"
import { authorize, forgetTinkUser } from "./tinkUser.js"

const listCredentials = (session: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const tinkUser = yield* authorize(session)
    // Cheap: the library answers from its cache.
    return Option.isNone(tinkUser) ? [] : yield* users.listCredentials(tinkUser.value)
  }).pipe(
    // The request names no credential, so Tink has deleted the user.
    Effect.catchIf(
      ({ reason }) => reason === "NotFound",
      () => Effect.as(forgetTinkUser(session), [])
    )
  )

export const getOverview = (session: Session) =>
  Effect.gen(function* () {
    const { sandbox } = yield* Settings
    const credentials = yield* listCredentials(session)
    const now = yield* DateTime.now
    return new Overview({
      connections: credentials
        .filter(({ status }) => status !== "DELETED")
        .map((credential) => fromCredential(credential, now)),
      isSandbox: Option.isSome(sandbox)
    })
  })
