/** What tink-api.md says of a user who has connected a bank. The last statements delete the connection. */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { both, exchange, isList, need, secret, type Statement, states, status, type Progress } from "./statement.js"
import { type Answer, type Members, send } from "./wire.js"

const grant = ({ clientToken, connectedUser }: Progress, scope: string) =>
  Effect.gen(function* () {
    const user = yield* need(connectedUser, "connection: set TINK_CONTRACT_USER_ID or TINK_CONTRACT_EXTERNAL_USER_ID")
    return yield* send("POST", "/api/v1/oauth/authorization-grant", {
      token: yield* need(clientToken, "client token"),
      form: { ...user, scope }
    })
  })

/** Each statement asks for the scope that it needs, since the app may lack others. */
const userToken = (progress: Progress, scope: string) =>
  Effect.gen(function* () {
    const code = yield* need(secret(yield* grant(progress, scope), "code"), `code for ${scope}`)
    return yield* need(secret(yield* exchange(code), "access_token"), `token for ${scope}`)
  })

const asUser =
  (scope: string, request: (token: Redacted.Redacted) => ReturnType<typeof send>) =>
  (progress: Progress): ReturnType<typeof send> =>
    Effect.flatMap(userToken(progress, scope), request)

/** A request for the first credential of the list. */
const asOwner =
  (scope: string, request: (token: Redacted.Redacted, id: string) => ReturnType<typeof send>) =>
  (progress: Progress): ReturnType<typeof send> =>
    Effect.gen(function* () {
      const id = yield* need(progress.credentialsId, "credential in the list")
      return yield* request(yield* userToken(progress, scope), id)
    })

const itemsOf = ({ members }: Answer, name: string): ReadonlyArray<Members> => {
  const list = members[name]
  return Array.isArray(list) ? list.filter((item): item is Members => typeof item === "object" && item !== null) : []
}

const list = asUser("credentials:read", (token) => send("GET", "/api/v1/credentials/list", { token }))

const get = asOwner("credentials:read", (token, id) => send("GET", `/api/v1/credentials/${id}`, { token }))

const refresh = asOwner("credentials:refresh", (token, id) =>
  send("POST", `/api/v1/credentials/${id}/refresh`, { token })
)

const remove = asOwner("credentials:write", (token, id) => send("DELETE", `/api/v1/credentials/${id}`, { token }))

const consents = asOwner("provider-consents:read", (token, id) =>
  send("GET", `/api/v1/provider-consents?credentialsId=${id}`, { token })
)

const statuses: ReadonlyArray<unknown> = [
  ["CREATED", "AUTHENTICATING", "UPDATING", "UPDATED", "AUTHENTICATION_ERROR", "TEMPORARY_ERROR", "PERMANENT_ERROR"],
  ["AWAITING_MOBILE_BANKID_AUTHENTICATION", "AWAITING_SUPPLEMENTAL_INFORMATION"],
  ["AWAITING_THIRD_PARTY_APP_AUTHENTICATION", "SESSION_EXPIRED", "DELETED"]
].flat()

const types: ReadonlyArray<unknown> = ["PASSWORD", "MOBILE_BANKID", "KEYFOB", "THIRD_PARTY_APP"]

const isText = (value: unknown): boolean => typeof value === "string" && value !== ""

const isAbsent = (value: unknown): boolean => value === undefined || value === null

/** Integers, or absent. */
const areTimes = (item: Members, names: ReadonlyArray<string>): boolean =>
  names.every((name) => isAbsent(item[name]) || Number.isInteger(item[name]))

const hasStatus = ({ members }: Answer, ...expected: ReadonlyArray<string>): boolean =>
  expected.some((name) => name === members["status"])

export const statementsOfConnection: ReadonlyArray<Statement> = [
  states(
    "6",
    "The list of a user with a connection has its credential",
    list,
    (answer) => isList(answer, "credentials") && itemsOf(answer, "credentials").some(({ id }) => isText(id)),
    (progress, answer) => {
      const [id] = itemsOf(answer, "credentials").flatMap(({ id }) => (typeof id === "string" ? [id] : []))
      if (id !== undefined && /^[0-9a-f]{32}$/.test(id)) progress.credentialsId = id
    }
  ),
  states("0.3", "The id of a credential is 32 lower-case hex characters", list, (answer) =>
    itemsOf(answer, "credentials").every(({ id }) => typeof id === "string" && /^[0-9a-f]{32}$/.test(id))
  ),
  states(
    "6",
    "A credential is read by its id",
    get,
    both(status(200), ({ members }) => ["id", "providerName", "type", "status"].every((name) => isText(members[name])))
  ),
  states("6.1", "Its status is one of the twelve", get, ({ members }) => statuses.includes(members["status"])),
  states("6.1", "Its type is one of the four", get, ({ members }) => types.includes(members["type"])),
  states(
    "6.1",
    "Its times are integers, if they are there",
    get,
    ({ members, status }) => status === 200 && areTimes(members, ["statusUpdated", "updated", "sessionExpiryDate"])
  ),
  states("6.1", "It has fields", get, ({ members }) => typeof members["fields"] === "object"),
  states(
    "6.1",
    "It has no detailedError",
    get,
    both(status(200), ({ members }) => !("detailedError" in members))
  ),
  states(
    "6.1",
    "Its supplementalInformation is a text, if it is there",
    get,
    both(
      status(200),
      ({ members: { supplementalInformation } }) =>
        isAbsent(supplementalInformation) || typeof supplementalInformation === "string"
    )
  ),
  states(
    "6",
    "A token without credentials:refresh cannot refresh it: 403",
    asOwner("credentials:read", (token, id) => send("POST", `/api/v1/credentials/${id}/refresh`, { token })),
    status(403)
  ),
  states(
    "7.1",
    "A consent names its credential, provider, status and accounts",
    consents,
    (answer) =>
      isList(answer, "providerConsents") &&
      itemsOf(answer, "providerConsents").some(
        ({ accountIds, credentialsId, providerName, status }) =>
          [credentialsId, providerName, status].every(isText) && Array.isArray(accountIds)
      )
  ),
  states("7.1", "The times of a consent are integers, if they are there", consents, (answer) =>
    itemsOf(answer, "providerConsents").every((item) => areTimes(item, ["statusUpdated", "sessionExpiryDate"]))
  ),
  states(
    "6.7",
    "The providers of the user have the member providers",
    asUser("credentials:read", (token) => send("GET", "/api/v1/providers", { token })),
    (answer) => isList(answer, "providers")
  ),
  states(
    "6.4",
    "A refresh is accepted with a 204, without a body",
    refresh,
    both(status(204), ({ isEmpty }) => isEmpty)
  ),
  states("12.1", "A second refresh at once is a 429", refresh, status(429)),
  states(
    "6",
    "It is deleted with a 204, without a body",
    remove,
    both(status(204), ({ isEmpty }) => isEmpty)
  ),
  states(
    "6",
    "After that, it is a 404 or shows DELETED",
    get,
    (answer) => answer.status === 404 || hasStatus(answer, "DELETED")
  )
]
