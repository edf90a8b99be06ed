import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { type TinkConfig, type TinkError, TinkHttp, TinkRequest, TokenSource } from "@effect-tink/http"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"

/** A request as it came out at the other end. */
export interface Sent {
  readonly method: string
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly form: Readonly<Record<string, string>>
}

export type Answer = Effect.Effect<Response, "refused" | "reset" | Broken>

class Broken extends Data.TaggedError("Broken")<{ readonly cause: Error }> {}

/** No answer, for a reason of the application's own client. */
export const broken = (cause: Error): Answer => Effect.fail(new Broken({ cause }))

/** Answers the n-th request, counted from 1. */
export type Respond = (sent: Sent, n: number) => Answer

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

const toSent = (request: HttpClientRequest.HttpClientRequest, url: URL): Sent => {
  const body = bodyOf(request)
  return {
    method: request.method,
    url: url.toString(),
    path: url.pathname,
    headers: { ...request.headers, ...(request.body.contentType && { "content-type": request.body.contentType }) },
    body,
    form: Object.fromEntries(new URLSearchParams(body))
  }
}

/** Errors as Node has them. */
export const nodeError = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code} 127.0.0.1:443`), { code, syscall })

const causes = {
  refused: nodeError("ECONNREFUSED", "connect"),
  reset: nodeError("ECONNRESET", "read")
}

/** A client that notes what it is given, and answers as told. */
export const recordingClient = (respond: Respond) => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url) =>
    Effect.suspend(() => {
      const next = toSent(request, url)
      sent.push(next)
      return respond(next, sent.length).pipe(
        Effect.map((response) => HttpClientResponse.fromWeb(request, response)),
        Effect.mapError((error) => {
          const cause = typeof error === "string" ? causes[error] : error.cause
          return new HttpClientError.RequestError({ request, reason: "Transport", cause })
        })
      )
    })
  )
  return { client, sent }
}

export const secret = "s3cr3t-0f-the-cl13nt"

export const options = { clientId: "my-client", clientSecret: Redacted.make(secret) }

/** A `TinkHttp` over a recording client. */
export const over = Effect.fnUntraced(function* (respond: Respond, settings: Partial<TinkConfig.Options> = {}) {
  const { client, sent } = recordingClient(respond)
  const context = yield* Layer.build(TinkHttp.layer({ ...options, ...settings })).pipe(
    Effect.provideService(HttpClient.HttpClient, client)
  )
  return { http: Context.get(context, TinkHttp.TinkHttp), sent }
})

// ---------------------------------------------------------------------------------------------------------------------
// Answers, as tink-api.md prints them
// ---------------------------------------------------------------------------------------------------------------------

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  Effect.sync(
    () => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } })
  )

export const noContent: Answer = Effect.sync(() => new Response(null, { status: 204 }))

export const tokenAnswer = (token: string, expiresIn = 1800): Answer =>
  json(200, {
    access_token: token,
    token_type: "bearer",
    expires_in: expiresIn,
    scope: "authorization:grant,user:create",
    id_hint: null
  })

export const isTokenRequest = (sent: Sent) => sent.path === "/api/v1/oauth/token"

/** Answers token requests with `client-token-1`, `client-token-2` and so on, and all others as told. */
export const withTokens = (respond: Respond): Respond => {
  let tokens = 0
  let others = 0
  return (sent) => (isTokenRequest(sent) ? tokenAnswer(`client-token-${++tokens}`) : respond(sent, ++others))
}

/** The first answers one after another, and the last one for ever. */
export const answers =
  (first: Answer, ...rest: ReadonlyArray<Answer>): Respond =>
  (_, n) =>
    [first, ...rest][n - 1] ?? rest.at(-1) ?? first

/** A body that breaks off. */
export const cutBody = (status = 200): Answer =>
  Effect.sync(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{"id":"')),
          pull: (controller) => controller.error(new Error("terminated"))
        }),
        { status }
      )
  )

/** A body of which nothing comes after its beginning. */
export const stalledBody = (status = 200): Answer =>
  Effect.sync(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode('{"id":"'))
        }),
        { status }
      )
  )

// ---------------------------------------------------------------------------------------------------------------------
// Requests
// ---------------------------------------------------------------------------------------------------------------------

export const userToken = Redacted.make("us3r-t0k3n-canary")

export const anyJson = Schema.parseJson(Schema.Unknown)

export const id = "0123456789abcdef0123456789abcdef"

const user = { _tag: "User", tokens: TokenSource.fromToken(userToken) } as const

export const getCredential: TinkRequest.TinkRequest<unknown> = {
  operation: "getCredential",
  method: "GET",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: user,
  response: anyJson
}

export const deleteCredential: TinkRequest.TinkRequest<void> = {
  operation: "deleteCredential",
  method: "DELETE",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: user,
  response: TinkRequest.NoContent
}

export const refreshCredential: TinkRequest.TinkRequest<void> = {
  operation: "refreshCredential",
  method: "POST",
  route: "/api/v1/credentials/{id}/refresh",
  params: { id },
  authorization: user,
  response: TinkRequest.NoContent
}

export const updateCredential: TinkRequest.TinkRequest<unknown> = {
  operation: "updateCredential",
  method: "PUT",
  route: "/api/v1/credentials/{id}",
  params: { id },
  body: { _tag: "Json", value: { fields: {} } },
  authorization: user,
  response: anyJson
}

export const createUser: TinkRequest.TinkRequest<unknown> = {
  operation: "createUser",
  method: "POST",
  route: "/api/v1/user/create",
  authorization: { _tag: "Client", scopes: ["user:create"] },
  body: { _tag: "Json", value: { market: "SE", locale: "en_US", external_user_id: "cust-0001" } },
  response: anyJson
}

export const createAuthorization: TinkRequest.TinkRequest<unknown> = {
  operation: "createAuthorization",
  method: "POST",
  route: "/api/v1/oauth/authorization-grant",
  authorization: { _tag: "Client", scopes: ["authorization:grant"] },
  body: { _tag: "Form", fields: { user_id: undefined, external_user_id: "cust-0001", scope: "user:read,user:delete" } },
  response: anyJson
}

// ---------------------------------------------------------------------------------------------------------------------
// Time and fibers
// ---------------------------------------------------------------------------------------------------------------------

/** Lets time pass until an effect is done: from one sleep to the next, each at its time. */
export const elapse = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    while (Option.isNone(yield* Fiber.poll(fiber))) yield* TestClock.adjust("20 minutes")
    return yield* Fiber.join(fiber)
  })

/** The error of something that has to fail. */
export const failure = <A>(effect: Effect.Effect<A, TinkError.TinkError>): Effect.Effect<TinkError.TinkError> =>
  Effect.catchAll(Effect.flip(effect), () => Effect.dieMessage("It should have failed"))

/** A gate that tells when somebody stands before it. */
export const makeGate = Effect.map(
  Effect.all({ reached: Deferred.make<void>(), opened: Deferred.make<void>() }),
  ({ opened, reached }) => ({
    pass: Effect.zipRight(Deferred.succeed(reached, undefined), Deferred.await(opened)),
    reached: Deferred.await(reached),
    open: Deferred.succeed(opened, undefined)
  })
)
