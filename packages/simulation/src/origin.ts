/**
 * The client between the layers under test and the sandbox. It records every request, and puts the request's number into the
 * answers to reads, so every value tells which request it came with.
 */
import type { TinkSandbox } from "@effect-tink/sandbox"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import type { Scheduler } from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Faults from "./faults.js"
import type { History, OriginRequest } from "./history.js"
import type { Fault } from "./schedule.js"
import * as Stamp from "./stamp.js"
import * as Tokens from "./tokens.js"

/** The call that a fiber works for. Child fibers inherit it. */
export const currentCall = FiberRef.unsafeMake<number | undefined>(undefined)

type Failure = HttpClientError.HttpClientError
type Response = HttpClientResponse.HttpClientResponse

export interface Options {
  readonly sandbox: TinkSandbox.Service
  readonly client: HttpClient.HttpClient
  readonly history: History
  readonly faults: Faults.Faults
  readonly calm: Scheduler
  readonly scope: Scope.Scope
}

const bodyText = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

const bearerToken = ({ headers }: HttpClientRequest.HttpClientRequest): string | undefined =>
  headers["authorization"]?.replace(/^Bearer /, "")

const record = (
  { faults, history }: Options,
  request: HttpClientRequest.HttpClientRequest,
  call: number | undefined
): OriginRequest => {
  const path = new URL(request.url).pathname
  const body = bodyText(request)
  const made: OriginRequest = {
    serial: history.requests.length,
    call,
    method: request.method,
    path,
    grantType: new URLSearchParams(body).get("grant_type") ?? undefined,
    subject: Tokens.subjectOf(body),
    traceId: request.headers["x-client-trace-id"] ?? "",
    token: bearerToken(request),
    sent: history.point(),
    fault: faults.take(request.method, path),
    evaluated: undefined,
    status: undefined,
    delivered: undefined
  }
  history.requests.push(made)
  return made
}

/** A clock for one request: the sandbox processes the request when its sleep ends. */
const observeClock = (clock: Clock.Clock, onWake: () => void): Clock.Clock => ({
  [Clock.ClockTypeId]: clock[Clock.ClockTypeId],
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanos: clock.currentTimeNanos,
  sleep: (duration) => Effect.tap(clock.sleep(duration), () => Effect.sync(onWake))
})

const isHeldBack = (fault: Fault | undefined): boolean =>
  fault?.kind === "delay" || fault?.kind === "status" || fault?.kind === "drop-before"

const withBody = (response: Response, body: Effect.Effect<string, Failure>): Response => {
  const stream = Stream.fromEffect(Effect.map(body, (text) => new TextEncoder().encode(text)))
  const changed: Response = Object.create(response, { stream: { get: () => stream } })
  return changed
}

const dropped = (request: HttpClientRequest.HttpClientRequest) =>
  new HttpClientError.RequestError({ request, reason: "Transport", description: "The connection was closed" })

/**
 * The sandbox answers a request, whether or not its caller still waits. On the calm scheduler no fiber of the library runs
 * between the record and the sandbox's own step, so the order of the history is exact.
 */
const exchange = (
  options: Options,
  request: HttpClientRequest.HttpClientRequest,
  made: OriginRequest,
  answer: Deferred.Deferred<Response, Failure>
) =>
  Effect.gen(function* () {
    const { client, history, sandbox } = options
    const clock = yield* Effect.clock
    const { fault, method, path } = made
    const evaluate = () => {
      if (made.evaluated === undefined && fault?.kind !== "status") made.evaluated = history.point()
    }
    // The sandbox does not report the status of an answer that it drops, so the answer is dropped here.
    if (fault !== undefined && fault.kind !== "drop-after") {
      yield* sandbox.injectFault(Faults.toSandboxFault(fault, method, path, clock.unsafeCurrentTimeMillis()))
    }
    if (!isHeldBack(fault)) evaluate()
    const response = yield* Effect.withClock(client.execute(request), observeClock(clock, evaluate))
    made.status = response.status
    const body = yield* Deferred.make<string, Failure>()
    if (fault?.kind !== "drop-after") yield* Deferred.succeed(answer, withBody(response, Deferred.await(body)))
    const read = Effect.map(response.text, (text) => {
      Tokens.learn(history, made, bodyText(request), text)
      return Stamp.add(made, history, text)
    })
    yield* Deferred.completeWith(body, yield* Effect.exit(read))
    if (fault?.kind === "drop-after") yield* Deferred.fail(answer, dropped(request))
  }).pipe(
    Effect.catchAll((error) => {
      // An answer without a body cannot be cut: the sandbox then drops it after processing the request.
      if (made.fault?.kind === "cut-body") made.status = 204
      return Deferred.fail(answer, error)
    }),
    Effect.withScheduler(options.calm)
  )

export const make = (options: Options): HttpClient.HttpClient =>
  HttpClient.make((request) =>
    Effect.gen(function* () {
      const made = record(options, request, yield* FiberRef.get(currentCall))
      const answer = yield* Deferred.make<Response, Failure>()
      yield* Effect.forkIn(Effect.interruptible(exchange(options, request, made, answer)), options.scope)
      const response = yield* Effect.tapError(Deferred.await(answer), () =>
        Effect.sync(() => {
          made.delivered = "lost"
        })
      )
      made.delivered = response.status
      return response
    })
  )
