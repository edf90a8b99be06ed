/** What the page shows: all connections of a customer. */
import { type Credential, Users } from "@effect-tink/users"
import { Effect, Option } from "effect"
import { Overview } from "./api.js"
import { fromCredential } from "./connection.js"
import type { CustomerId } from "./customers.js"
import { Settings } from "./settings.js"
import { authorize, forgetTinkUser } from "./tinkUser.js"

/** The customer's credentials at Tink. Those that were deleted stay in Tink's list for a while. */
export const listCredentials = (customerId: CustomerId) =>
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
    ),
    Effect.map((credentials) => credentials.filter(({ status }) => status !== "DELETED"))
  )

export const toOverview = (
  credentials: ReadonlyArray<Credential.Credential>,
  { isKnown }: { readonly isKnown: boolean }
) =>
  Effect.gen(function* () {
    const { sandbox } = yield* Settings
    return new Overview({
      connections: yield* Effect.forEach(credentials, fromCredential, { concurrency: "unbounded" }),
      isKnown,
      isSandbox: Option.isSome(sandbox)
    })
  })

/** The overview of a customer, or of a browser without a session. */
export const getOverview = (customerId: Option.Option<CustomerId>) =>
  Effect.gen(function* () {
    const credentials = Option.isSome(customerId) ? yield* listCredentials(customerId.value) : []
    return yield* toOverview(credentials, { isKnown: Option.isSome(customerId) })
  })
