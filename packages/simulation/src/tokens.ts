/** Learns from the origin's answers which user a token or an id belongs to. */
import type { History, OriginRequest } from "./history.js"

interface Grant {
  readonly userId: string
  readonly scopes: ReadonlyArray<string>
}

// Kept per history, as codes belong to one run.
const grants = new WeakMap<History, Map<string, Grant>>()

const grantsOf = (history: History): Map<string, Grant> => {
  const known = grants.get(history) ?? new Map<string, Grant>()
  grants.set(history, known)
  return known
}

const member = (text: string, name: string): string | undefined => new RegExp(`"${name}":"([^"]+)"`).exec(text)?.[1]

/** The user that the body of a request names. */
export const subjectOf = (body: string): string | undefined => {
  const fields = new URLSearchParams(body)
  const userId = fields.get("user_id")
  const externalUserId = fields.get("external_user_id") ?? member(body, "external_user_id")
  if (userId !== null) return `user ${userId}`
  return externalUserId === undefined ? undefined : `external ${externalUserId}`
}

/** Records the code, token or user of an answer. An unreadable answer is unreadable for the library, too. */
export const learn = (history: History, { path, serial }: OriginRequest, form: string, answer: string): void => {
  if (path === "/api/v1/user/create") {
    const userId = member(answer, "user_id")
    const externalUserId = member(answer, "external_user_id")
    if (userId !== undefined && externalUserId !== undefined) history.created.push({ userId, externalUserId, serial })
  }
  if (!path.startsWith("/api/v1/oauth/")) return
  const fields = new URLSearchParams(form)
  const code = member(answer, "code")
  const token = member(answer, "access_token")
  if (code !== undefined) {
    const userId = fields.get("user_id") ?? `external ${fields.get("external_user_id")}`
    grantsOf(history).set(code, { userId, scopes: (fields.get("scope") ?? "").split(",") })
  }
  if (token !== undefined) {
    const grant = grantsOf(history).get(fields.get("code") ?? "")
    history.tokens.set(token, { token, userId: grant?.userId, scopes: grant?.scopes ?? [], serial })
  }
}
