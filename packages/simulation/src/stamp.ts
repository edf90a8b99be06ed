/** The number of the request that a value came with, in a place that the library keeps. */
import type { Credential } from "@effect-tink/users/Credential"
import type { History, OriginRequest } from "./history.js"

/** An empty list has no place for a number, so every list gets one more credential that is nobody's. */
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

/** Puts the number of a request into its answer, if it is one with credentials. */
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

export const ofCredential = (credential: Credential): number => Number(credential.statusPayload)

export const ofList = (credentials: ReadonlyArray<Credential>): number =>
  Number(credentials.find((credential) => credential.providerName === providerName)?.statusPayload)
