/** What the page shows: all connections of a customer. */
import { Users } from "@effect-tink/users"
import { Effect, Option } from "effect"
import { Overview } from "./api.js"
import { fromCredential } from "./connection.js"
import type { CustomerId } from "./customers.js"
import { Settings } from "./settings.js"
import { authorize, forgetTinkUser } from "./tinkUser.js"

const listCredentials = (customerId: CustomerId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const tinkUser = yield* authorize(customerId)
    // Cheap: the library answers from its cache.
    return Option.isNone(tinkUser) ? [] : yield* users.listCredentials(tinkUser.value)
  }).pipe(
    // The request names no credential, so Tink has deleted the user.
    Effect.catchIf(
      (error) => error._tag === "TinkError" && error.reason === "NotFound",
      () => Effect.as(forgetTinkUser(customerId), [])
    )
  )

export const getOverview = (customerId: Option.Option<CustomerId>) =>
  Effect.gen(function* () {
    const { sandbox } = yield* Settings
    const credentials = Option.isSome(customerId) ? yield* listCredentials(customerId.value) : []
    const connected = credentials.filter(({ status }) => status !== "DELETED")
    return new Overview({
      connections: yield* Effect.forEach(connected, fromCredential, { concurrency: "unbounded" }),
      isKnown: Option.isSome(customerId),
      isSandbox: Option.isSome(sandbox)
    })
  })
