/** What tink-api.md says, and how to see whether it is so. The order matters: later statements use what earlier ones made. */
import * as Effect from "effect/Effect"
import { statementsOfConnection } from "./connection.js"
import {
  both,
  clientScopes,
  clientToken,
  exchange,
  hasText,
  isErrorBody,
  isList,
  need,
  secret,
  type Statement,
  states,
  status,
  type Progress,
  token
} from "./statement.js"
import { send } from "./wire.js"

const grant = ({ clientToken, userId }: Progress, scope: string) =>
  Effect.gen(function* () {
    const user_id = yield* need(userId, "user")
    return yield* send("POST", "/api/v1/oauth/authorization-grant", {
      token: yield* need(clientToken, "client token"),
      form: { user_id, scope }
    })
  })

/** A token of the user, when its scopes are granted. */
const userToken = (progress: Progress, scope: string) =>
  Effect.gen(function* () {
    const code = yield* need(secret(yield* grant(progress, scope), "code"), `code for ${scope}`)
    return yield* need(secret(yield* exchange(code), "access_token"), `token for ${scope}`)
  })

const create = (progress: Progress, json: unknown) =>
  Effect.flatMap(need(progress.clientToken, "client token"), (token) =>
    send("POST", "/api/v1/user/create", { token, json })
  )

const asUser = (progress: Progress, path: string) =>
  Effect.flatMap(need(progress.userToken, "user token"), (token) => send("GET", path, { token }))

const readScopes = "user:read,credentials:read,provider-consents:read"

const withProvidersToken = (path: string) =>
  Effect.gen(function* () {
    const answer = yield* clientToken("providers:read")
    const token = yield* need(secret(answer, "access_token"), "token for providers:read")
    return yield* send("GET", path, { token })
  })

const market = { market: "SE", locale: "sv_SE" }

export const statements: ReadonlyArray<Statement> = [
  states(
    "1.2",
    "A client token is a 200 with access_token, token_type, expires_in and scope",
    () => clientToken(clientScopes),
    both(
      status(200),
      (answer) => ["access_token", "token_type", "scope"].every((name) => hasText(answer, name)),
      ({ members }) => Number.isInteger(members["expires_in"])
    ),
    (progress, answer) => {
      const made = secret(answer, "access_token")
      if (made !== undefined) progress.clientToken = made
    }
  ),
  states(
    "1.2",
    "token_type is bearer, in lower case",
    () => clientToken(clientScopes),
    ({ members }) => members["token_type"] === "bearer"
  ),
  states(
    "1.3",
    "A client token lives for 1800 seconds",
    () => clientToken(clientScopes),
    ({ members }) => members["expires_in"] === 1800
  ),
  states(
    "1.1",
    "There is no refresh token",
    () => clientToken(clientScopes),
    both(status(200), ({ members }) => !("refresh_token" in members))
  ),
  states("1.1", "Scopes may be separated by spaces", () => clientToken(clientScopes.replaceAll(",", " ")), status(200)),
  states(
    "1.1",
    "Unknown form fields are ignored",
    () => token({ grant_type: "client_credentials", scope: clientScopes, credentialsId: "x" }),
    status(200)
  ),
  states(
    "1.4",
    "A wrong client secret is a 401",
    () => token({ grant_type: "client_credentials", scope: clientScopes, client_secret: "wrong" }),
    status(401)
  ),
  states(
    "1.4",
    "An unknown client is a 401",
    () => token({ grant_type: "client_credentials", scope: clientScopes, client_id: "0".repeat(32) }),
    status(401)
  ),
  states(
    "1.4",
    "An unknown authorization code is a 400 or a 401",
    () => token({ grant_type: "authorization_code", code: "0".repeat(32) }),
    status(400, 401)
  ),
  states(
    "8.2",
    "An error body of the token endpoint has errorMessage and errorCode",
    () => token({ grant_type: "client_credentials", client_secret: "wrong" }),
    isErrorBody
  ),
  states(
    "3",
    "A user is created with a 200 and user_id",
    (progress) => create(progress, { ...market, external_user_id: progress.externalUserId }),
    both(status(200), (answer) => hasText(answer, "user_id")),
    (progress, { members }) => {
      if (typeof members["user_id"] === "string") progress.userId = members["user_id"]
    }
  ),
  states(
    "3",
    "An external id that exists is a 409",
    (progress) => create(progress, { ...market, external_user_id: progress.externalUserId }),
    status(409)
  ),
  states(
    "3",
    "The code of that error is user.user_with_external_user_id_already_exists",
    (progress) => create(progress, { ...market, external_user_id: progress.externalUserId }),
    ({ members }) => members["errorCode"] === "user.user_with_external_user_id_already_exists"
  ),
  states(
    "3",
    "An unknown market is a 400",
    (progress) => create(progress, { market: "XX", locale: "sv_SE" }),
    status(400)
  ),
  states(
    "8.3",
    "A request without a token is a 401",
    () => send("POST", "/api/v1/user/create", { json: market }),
    status(401)
  ),
  states(
    "3",
    "A token without user:create cannot create a user: 403",
    () =>
      Effect.gen(function* () {
        const token = yield* need(secret(yield* clientToken("authorization:grant"), "access_token"), "client token")
        return yield* send("POST", "/api/v1/user/create", { token, json: market })
      }),
    status(403)
  ),
  states(
    "2",
    "A grant is a 200 with a code",
    (progress) => grant(progress, readScopes),
    both(status(200), (answer) => hasText(answer, "code")),
    (progress, answer) => {
      const made = secret(answer, "code")
      if (made !== undefined) progress.code = made
    }
  ),
  states(
    "2",
    "A grant for a user who does not exist is a 404",
    (progress) => grant({ ...progress, userId: "0".repeat(32) }, "user:read"),
    status(404)
  ),
  states(
    "2",
    "An empty twin of the user's id counts as absent",
    (progress) =>
      Effect.flatMap(need(progress.clientToken, "client token"), (token) =>
        send("POST", "/api/v1/oauth/authorization-grant", {
          token,
          form: { user_id: "", external_user_id: progress.externalUserId, scope: "user:read" }
        })
      ),
    status(200)
  ),
  states(
    "2",
    "A delegated grant is a 200 with a code",
    (progress) =>
      Effect.gen(function* () {
        return yield* send("POST", "/api/v1/oauth/authorization-grant/delegate", {
          token: yield* need(progress.clientToken, "client token"),
          form: {
            user_id: yield* need(progress.userId, "user"),
            id_hint: "contract",
            actor_client_id: "df05e4b379934cd09963197cc855bfe9",
            scope:
              "authorization:read,authorization:grant,credentials:refresh,credentials:read,credentials:write,providers:read,user:read"
          }
        })
      }),
    both(status(200), (answer) => hasText(answer, "code"))
  ),
  states(
    "1.2",
    "A code is exchanged for a user token",
    ({ code }) => Effect.flatMap(need(code, "code"), exchange),
    both(status(200), (answer) => hasText(answer, "access_token")),
    (progress, answer) => {
      const made = secret(answer, "access_token")
      if (made !== undefined) progress.userToken = made
    }
  ),
  states(
    "2",
    "A code is good once: then it is a 400 or a 401",
    ({ code }) => Effect.flatMap(need(code, "code"), exchange),
    status(400, 401)
  ),
  states(
    "1.3",
    "A user token lives for 7200 seconds",
    (progress) =>
      Effect.flatMap(grant(progress, "user:read"), (answer) =>
        Effect.flatMap(need(secret(answer, "code"), "code"), exchange)
      ),
    ({ members }) => members["expires_in"] === 7200
  ),
  states(
    "5.1",
    "A user reads themselves: id, externalUserId and profile",
    (progress) => asUser(progress, "/api/v1/user"),
    both(status(200), ({ members }) => ["id", "externalUserId", "profile"].every((name) => name in members))
  ),
  states(
    "5.2",
    "A user reads their profile: currency, locale, market and timeZone",
    (progress) => asUser(progress, "/api/v1/user/profile"),
    both(status(200), (answer) => ["currency", "locale", "market", "timeZone"].every((name) => hasText(answer, name)))
  ),
  states(
    "5.2",
    "Two fields of the profile are enough to change it, and are in the answer",
    (progress) =>
      Effect.flatMap(userToken(progress, "user:write"), (token) =>
        send("PUT", "/api/v1/user/profile", {
          token,
          json: { periodMode: "MONTHLY_ADJUSTED", periodAdjustedDay: 25 }
        })
      ),
    both(status(200), ({ members }) => members["periodAdjustedDay"] === 25)
  ),
  states(
    "6",
    "The list of credentials has the member credentials",
    (progress) => asUser(progress, "/api/v1/credentials/list"),
    (answer) => isList(answer, "credentials")
  ),
  states(
    "6",
    "A credential that does not exist is a 404",
    (progress) => asUser(progress, `/api/v1/credentials/${"0".repeat(32)}`),
    status(404)
  ),
  states(
    "8.2",
    "The body of that 404 has errorMessage and errorCode",
    (progress) => asUser(progress, `/api/v1/credentials/${"0".repeat(32)}`),
    isErrorBody
  ),
  states(
    "7.1",
    "The list of consents has the member providerConsents",
    (progress) => asUser(progress, "/api/v1/provider-consents"),
    (answer) => isList(answer, "providerConsents")
  ),
  states(
    "8.3",
    "A user token without the scope is a 403",
    (progress) =>
      Effect.flatMap(userToken(progress, "user:read"), (token) => send("GET", "/api/v1/credentials/list", { token })),
    status(403)
  ),
  states(
    "6.7",
    "The list of providers of a market has the member providers",
    () => withProvidersToken("/api/v1/providers/SE"),
    (answer) => isList(answer, "providers")
  ),
  states(
    "6.7",
    "The list of providers of a market needs no token",
    () => send("GET", "/api/v1/providers/SE"),
    (answer) => isList(answer, "providers")
  ),
  states(
    "6.7",
    "An unknown market is an error",
    () => withProvidersToken("/api/v1/providers/ZZ"),
    ({ status }) => status >= 400 && status < 500
  ),
  states(
    "6.7",
    "The list of markets has the member markets",
    () => withProvidersToken("/api/v1/providers/markets"),
    (answer) => isList(answer, "markets")
  ),
  states(
    "4",
    "A user is deleted with a 204, without a body of the request",
    (progress) =>
      Effect.gen(function* () {
        const token = yield* userToken(progress, "user:delete")
        progress.deletingToken = token
        return yield* send("POST", "/api/v1/user/delete", { token })
      }),
    both(status(204), ({ isEmpty }) => isEmpty)
  ),
  states(
    "4",
    "After that, a grant for the user is a 404",
    (progress) => Effect.andThen(need(progress.deletingToken, "deleted user"), grant(progress, "user:read")),
    status(404)
  ),
  ...statementsOfConnection
]

/** Deletes the user that the statements made, if any. Returns whether one may be left. */
export const cleanUp = (progress: Progress) =>
  Effect.gen(function* () {
    const form = { external_user_id: progress.externalUserId, scope: "user:delete" }
    const fresh = secret(yield* clientToken("authorization:grant"), "access_token")
    const granted = yield* send("POST", "/api/v1/oauth/authorization-grant", { token: fresh, form })
    if (granted.status === 404) return false
    const code = yield* need(secret(granted, "code"), "code")
    const token = yield* need(secret(yield* exchange(code), "access_token"), "token")
    return (yield* send("POST", "/api/v1/user/delete", { token })).status !== 204
  }).pipe(Effect.orElseSucceed(() => progress.clientToken !== undefined))
