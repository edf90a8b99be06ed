/** All that the page shows. */
import { Users } from "@effect-tink/users"
import { DateTime, Effect, Option } from "effect"
import { Overview } from "./api.js"
import { fromCredential } from "./connection.js"
import { authorize, forgetTinkUser } from "./customer.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"

const credentialsOf = (session: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const customer = yield* authorize(session)
    // Cheap: the library answers from its cache unless something has changed.
    return Option.isNone(customer) ? [] : yield* users.listCredentials(customer.value)
  }).pipe(
    // No connection was asked for, so it is the user who is gone.
    Effect.catchIf(
      ({ reason }) => reason === "NotFound",
      () => Effect.as(forgetTinkUser(session), [])
    )
  )

export const overviewOf = (session: Session) =>
  Effect.gen(function* () {
    const { sandbox } = yield* Settings
    const credentials = yield* credentialsOf(session)
    const now = yield* DateTime.now
    return new Overview({
      connections: credentials
        .filter(({ status }) => status !== "DELETED")
        .map((credential) => fromCredential(credential, now)),
      isSandbox: Option.isSome(sandbox)
    })
  })
