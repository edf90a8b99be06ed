import { Agent, request } from "undici"
import type { Client, Contestant, Setup } from "../contestant.js"
import { makeClient } from "../promises.js"
import { listPath, type WireList } from "../tink.js"

interface Token {
  readonly access_token: string
  readonly expires_in: number
}

/** Keeps a token for its lifetime. Concurrent callers share one request. */
const keep = (fetch: () => Promise<Token>): (() => Promise<string>) => {
  let kept: { readonly token: Promise<Token>; until: number } | undefined
  return async () => {
    if (kept === undefined || Date.now() >= kept.until) {
      const fresh = { token: fetch(), until: Number.POSITIVE_INFINITY }
      kept = fresh
      const { expires_in } = await fresh.token
      fresh.until = Date.now() + expires_in * 1000 - 60_000
    }
    return (await kept.token).access_token
  }
}

const make = ({ connections, origin }: Setup): Client => {
  const dispatcher = new Agent(connections === undefined ? {} : { connections })
  const post = async (path: string, form: Readonly<Record<string, string>>, token?: string) => {
    const { body } = await request(origin.baseUrl + path, {
      dispatcher,
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        ...(token !== undefined && { authorization: `Bearer ${token}` })
      },
      body: new URLSearchParams(form).toString()
    })
    return body.json()
  }
  const client = { client_id: "client", client_secret: "secret" }
  const exchange = async (grant: Readonly<Record<string, string>>) =>
    (await post("/api/v1/oauth/token", { ...client, ...grant })) as Token
  const appToken = keep(() => exchange({ grant_type: "client_credentials", scope: "authorization:grant" }))
  const issueToken = async (userId: string) => {
    const grant = { user_id: userId, scope: "credentials:read" }
    const { code } = (await post("/api/v1/oauth/authorization-grant", grant, await appToken())) as {
      readonly code: string
    }
    return exchange({ grant_type: "authorization_code", code })
  }
  const tokens = new Map<string, () => Promise<string>>()
  const tokenOf = (userId: string) => {
    const known = tokens.get(userId) ?? keep(() => issueToken(userId))
    tokens.set(userId, known)
    return known()
  }
  return makeClient(
    async (userId) => {
      const headers = { authorization: `Bearer ${await tokenOf(userId)}` }
      const { body } = await request(origin.baseUrl + listPath, { dispatcher, headers })
      return ((await body.json()) as WireList).credentials
    },
    () => dispatcher.close()
  )
}

/** A careful hand-written client of `undici`: concurrent callers share a token request. */
export const handWritten: Contestant<Client> = { name: "hand-written", packages: ["undici"], make }
