/** Whose the tokens are, learnt from what the origin says when it gives them out. */
import type { History } from "./history.js"

interface Grant {
  readonly userId: string
  readonly scopes: ReadonlyArray<string>
}

// By history: codes live no longer than the run they belong to.
const grants = new WeakMap<History, Map<string, Grant>>()

const grantsOf = (history: History): Map<string, Grant> => {
  const known = grants.get(history) ?? new Map<string, Grant>()
  grants.set(history, known)
  return known
}

const member = (text: string, name: string): string | undefined => new RegExp(`"${name}":"([^"]+)"`).exec(text)?.[1]

/** Looks at an answer of the two OAuth endpoints. A garbled one tells nothing, but then nobody gets the token either. */
export const learn = (history: History, form: string, path: string, answer: string): void => {
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
    history.tokens.set(token, { token, userId: grant?.userId, scopes: grant?.scopes ?? [] })
  }
}
