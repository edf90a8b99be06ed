/** A Tink that answers as a test says, and records what it was sent. What needs a state has the sandbox. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** A request as it arrives. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly path: string
  /** Empty, or with its question mark. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly form: Readonly<Record<string, string>>
}

/** A response as data. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | ReadableStream<Uint8Array>
}

/** A response that takes its time, or does not come. */
export type Answer = Effect.Effect<Response, "refused" | "reset" | Broken>

/** Answers the n-th request, counted from 1. */
export type Script = (sent: Sent, n: number) => Answer | Reply

interface Failure {
  readonly cause: unknown
  readonly reason?: HttpClientError.RequestError["reason"]
  readonly description?: string
}

class Broken extends Data.TaggedError("Broken")<Failure> {}

/** No answer, for a reason of the application's own client. */
export const broken = (cause: unknown, details: Omit<Failure, "cause"> = {}): Answer =>
  Effect.fail(new Broken({ cause, ...details }))

/** Errors as Node has them. */
export const nodeError = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code} 127.0.0.1:443`), { code, syscall })

const causes = {
  refused: nodeError("ECONNREFUSED", "connect"),
  reset: nodeError("ECONNRESET", "read")
}

export const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string => {
  if (body._tag === "Empty") return ""
  return body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : `(${body._tag})`
}

const toSent = (request: HttpClientRequest.HttpClientRequest, url: URL): Sent => {
  const body = bodyOf(request)
  return {
    method: request.method,
    url: url.toString(),
    path: url.pathname,
    query: url.search,
    headers: { ...request.headers, ...(request.body.contentType && { "content-type": request.body.contentType }) },
    body,
    form: Object.fromEntries(new URLSearchParams(body))
  }
}

const toAnswer = (answer: Answer | Reply): Answer => {
  if (Effect.isEffect(answer)) return answer
  const { body, headers = {}, status = 200 } = answer
  return Effect.sync(() => new Response(status === 204 ? null : body, { status, headers }))
}

/** The client of such a Tink, and its record. */
export const scriptedTink = (script: Script) => {
  const sent: Array<Sent> = []
  let n = 0
  const client = HttpClient.make((request, url) =>
    Effect.suspend(() => {
      const next = toSent(request, url)
      sent.push(next)
      return toAnswer(script(next, ++n)).pipe(
        Effect.map((response) => HttpClientResponse.fromWeb(request, response)),
        Effect.mapError((error) => {
          const {
            cause,
            description,
            reason = "Transport"
          } = typeof error === "string" ? { cause: causes[error] } : error
          return new HttpClientError.RequestError({
            request,
            reason,
            cause,
            ...(description === undefined ? {} : { description })
          })
        })
      )
    })
  )
  return { client, sent }
}

/** For example `GET /api/v1/credentials/list`, with the query if there is one. */
const lineOf = ({ method, path, query }: Sent): string => `${method} ${path}${query}`

export const linesOf = (sent: ReadonlyArray<Sent>): ReadonlyArray<string> => sent.map(lineOf)

// ---------------------------------------------------------------------------------------------------------------------
// Answers, as tink-api.md prints them
// ---------------------------------------------------------------------------------------------------------------------

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  toAnswer({ status, body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } })

export const noContent: Answer = toAnswer({ status: 204, body: "" })

export const tokenAnswer = (token: string, expiresIn = 1800): Answer =>
  json(200, {
    access_token: token,
    token_type: "bearer",
    expires_in: expiresIn,
    scope: "authorization:grant,user:create",
    id_hint: null
  })

export const isTokenRequest = ({ path }: Sent) => path === "/api/v1/oauth/token"

/** A request for a token of the application, not of a user. */
export const isClientTokenRequest = (sent: Sent) =>
  isTokenRequest(sent) && sent.form["grant_type"] === "client_credentials"

/** Answers token requests with `client-token-1`, `client-token-2` and so on, and all others as the script says. */
export const withTokens = (script: Script): Script => {
  let tokens = 0
  let others = 0
  return (sent) => (isTokenRequest(sent) ? tokenAnswer(`client-token-${++tokens}`) : script(sent, ++others))
}

/** The answers one after another; the last one repeats. */
export const answers =
  (first: Answer, ...rest: ReadonlyArray<Answer>): Script =>
  (_, n) =>
    [first, ...rest][n - 1] ?? rest.at(-1) ?? first

const beginning = () => new TextEncoder().encode('{"id":"')

/** A body that breaks off. */
export const cutBody = (status = 200): Answer =>
  Effect.sync(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(beginning()),
          pull: (controller) => controller.error(new Error("terminated"))
        }),
        { status }
      )
  )

/** A body that never ends: nothing follows its beginning. */
export const stalledBody = (status = 200): Answer =>
  Effect.sync(
    () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(beginning()) }), { status })
  )
