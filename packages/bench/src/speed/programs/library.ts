/** What an application needs to list the credentials of a user with this library. */
import { UserId } from "@effect-tink/http/Ids"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Users from "@effect-tink/users/Users"
import * as UserSession from "@effect-tink/users/UserSession"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

const session = UserSession.make({
  userId: UserId.make("0123456789abcdef0123456789abcdef"),
  accessToken: Redacted.make("the-token"),
  scopes: ["credentials:read"]
})

export const program = Effect.flatMap(Users.Users, (users) => users.listCredentials(session)).pipe(
  Effect.provide(Users.layer),
  Effect.provide(UserCache.layer({ capacity: 10_000 })),
  Effect.provide(TinkHttp.layer({ clientId: "client", clientSecret: Redacted.make("secret") })),
  Effect.provide(FetchHttpClient.layer)
)
