/** Puts the number of a request into its answer, in a field that the library keeps. */
import type { History, OriginRequest } from "./history.js"

/** An empty list has no field for a number, so every list gets one more credential. */
const providerName = "stamp"

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const stampList = (credentials: ReadonlyArray<unknown>, serial: number, userId: string | undefined) => [
  ...credentials,
  { id: "stamp", providerName, status: "UPDATED", statusPayload: String(serial), userId }
]

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Changes only answers with credentials. */
export const add = (request: OriginRequest, history: History, text: string): string => {
  if (request.method !== "GET" || request.status !== 200 || request.evaluated === undefined) return text
  const body = request.path.startsWith("/api/v1/credentials/") ? parse(text) : undefined
  if (!isObject(body)) return text
  const { credentials } = body
  const userId = history.tokens.get(request.token ?? "")?.userId
  return Array.isArray(credentials)
    ? JSON.stringify({ ...body, credentials: stampList(credentials, request.serial, userId) })
    : JSON.stringify({ ...body, statusPayload: String(request.serial) })
}

/** The field of a credential that carries the number. */
interface Stamped {
  readonly providerName?: string
  readonly statusPayload?: string | undefined
}

export const ofCredential = (credential: Stamped): number => Number(credential.statusPayload)

export const ofList = (credentials: ReadonlyArray<Stamped>): number =>
  Number(credentials.find((credential) => credential.providerName === providerName)?.statusPayload)
