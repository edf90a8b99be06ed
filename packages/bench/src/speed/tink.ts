/** The part of Tink that the benchmarks need: a function from a request to an answer, which counts requests. */

/** A credential as Tink sends it. */
export interface WireCredential {
  readonly id: string
  readonly userId: string
  readonly providerName: string
  readonly type: string
  readonly status: string
  readonly statusUpdated: number
  readonly statusPayload: string
  readonly updated: number
  readonly sessionExpiryDate: number
  readonly fields: Readonly<Record<string, string>>
}

export interface WireList {
  readonly credentials: ReadonlyArray<WireCredential>
}

export interface Counts {
  readonly lists: number
  readonly changes: number
  readonly clientTokens: number
  readonly grants: number
  readonly exchanges: number
}

export const listPath = "/api/v1/credentials/list"

/** The id of a user by number, in the form of Tink's ids. */
export const userIdOf = (number: number): string => number.toString(16).padStart(32, "0")

/** The token of a user, which the peers get from their application. */
export const tokenOf = (userId: string): string => `token-${userId}`

/** The one credential that is refreshed to change a user. */
export const credentialIdOf = (userId: string): string => `${userId}0`

const credentialPath = (userId: string): string => `/api/v1/credentials/${credentialIdOf(userId)}`

/** In 2100: no consent expires in a simulated day. */
const farAway = 4_102_444_800_000

const credentialOf = (userId: string, bank: number, version: number, status = "UPDATED"): string =>
  `{"id":"${userId}${bank}","userId":"${userId}","providerName":"se-demobank-${bank}","type":"THIRD_PARTY_APP",` +
  `"status":"${status}","statusUpdated":1700000000500,"statusPayload":"v${version}","updated":1700000000400,` +
  `"sessionExpiryDate":${farAway},"fields":{"username":"customer"}}`

const json = (body: string) => ({ status: 200, body })

/** A request. The body is the form of a POST. */
export interface PlainRequest {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

export const makeTink = () => {
  const versions = new Map<string, number>()
  const counts = { lists: 0, changes: 0, clientTokens: 0, grants: 0, exchanges: 0 }

  const versionOf = (userId: string): number => versions.get(userId) ?? 1

  const list = (userId: string) => {
    counts.lists += 1
    const version = versionOf(userId)
    return json(`{"credentials":[${credentialOf(userId, 0, version)},${credentialOf(userId, 1, version)}]}`)
  }

  const token = (form: URLSearchParams) => {
    const code = form.get("code")
    if (code === null) counts.clientTokens += 1
    else counts.exchanges += 1
    const accessToken = code === null ? "token-app" : code.replace("code", "token")
    const [expiresIn, scope] = code === null ? [1800, "authorization:grant"] : [7200, "credentials:read"]
    return json(
      `{"access_token":"${accessToken}","token_type":"bearer","expires_in":${expiresIn},"scope":"${scope},credentials:refresh"}`
    )
  }

  const grant = (form: URLSearchParams) => {
    counts.grants += 1
    return json(`{"code":"code-${form.get("user_id")}"}`)
  }

  const change = (userId: string) => {
    counts.changes += 1
    versions.set(userId, versionOf(userId) + 1)
    return { status: 204, body: "" }
  }

  const answer = ({
    authorization = "",
    body,
    path
  }: PlainRequest): { readonly status: number; readonly body: string } => {
    const userId = authorization.slice("Bearer token-".length)
    if (path === listPath) return list(userId)
    if (path.endsWith("/refresh")) return change(userId)
    // A credential is asked for by itself while it is followed.
    if (path === credentialPath(userId)) return json(credentialOf(userId, 0, versionOf(userId), "UPDATING"))
    if (path === "/api/v1/oauth/token") return token(new URLSearchParams(body))
    if (path === "/api/v1/oauth/authorization-grant") return grant(new URLSearchParams(body))
    return { status: 404, body: "" }
  }

  return { answer, counts: (): Counts => ({ ...counts }), versionOf }
}
