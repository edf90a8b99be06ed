/**
 * Receives webhooks.
 *
 * @since 0.1.0
 */
import type { UserId } from "@effect-tink/http/Ids"
import { readOr, toDuration } from "@effect-tink/http/InputRules"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as RecentDeliveries from "./internal/recentDeliveries.js"
import * as RequestBody from "./internal/requestBody.js"
import * as WebhookEvent from "./WebhookEvent.js"
import * as WebhookSignature from "./WebhookSignature.js"

/**
 * How deliveries are received.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<in out E, in out R> extends WebhookSignature.Options {
  /**
   * Handles an event. It is awaited, so that a failure is answered with 503 and Tink sends the event again. Events arrive more than
   * once, in any order, and not at all: handling one twice must do no harm. What takes long is better put in a queue.
   */
  readonly onEvent: (
    event: WebhookEvent.WebhookEvent,
    delivery: WebhookSignature.Delivery
  ) => Effect.Effect<unknown, E, R>
  /** How many deliveries are remembered, so that one that comes again is answered without `onEvent`. Default: 0, none. */
  readonly rememberDeliveries?: number | undefined
  /** The largest body that is read. Default: 1 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** How long a body may take to arrive. Default: 10 seconds. */
  readonly bodyTimeout?: Duration.DurationInput | undefined
}

const answer = (status: number) => HttpServerResponse.empty({ status })

const unreadBody: Readonly<Record<RequestBody.Failure, { readonly status: number; readonly why: string }>> = {
  TooLarge: { status: 413, why: "the body is larger than maxBodyBytes" },
  TooSlow: { status: 408, why: "the body took longer than bodyTimeout" },
  Broken: { status: 400, why: "the body broke off" }
}

const refuse = (status: number, why: string) =>
  Effect.as(Effect.logWarning(`A webhook delivery was answered with ${status}: ${why}`), answer(status))

/** The rest of the body is not read: the connection cannot be used again. */
const closeConnection = Effect.map(HttpServerResponse.setHeader("connection", "close"))

const refuseBody = (failure: RequestBody.Failure) => {
  const { status, why } = unreadBody[failure]
  return closeConnection(refuse(status, why))
}

const receiversFault: ReadonlySet<WebhookSignature.Reason> = new Set(["InvalidSecrets", "InvalidTolerance"])

/** Where the settings are at fault and not the sender, Tink sends the delivery again. */
const refuseSignature = ({ message, reason }: WebhookSignature.WebhookSignatureError) =>
  refuse(receiversFault.has(reason) ? 503 : 412, message)

/** At run time a setting may be of any type: `Number(undefined)` of a variable would bound nothing. */
const findProblem = ({
  bodyTimeout,
  maxBodyBytes,
  onEvent,
  rememberDeliveries
}: Readonly<Record<string, unknown>>): string | undefined => {
  if (!Predicate.isFunction(onEvent)) return "onEvent must be a function"
  if (!(typeof maxBodyBytes === "number" && maxBodyBytes > 0)) return "maxBodyBytes must be a positive number"
  if (!(typeof rememberDeliveries === "number" && rememberDeliveries >= 0)) {
    return "rememberDeliveries must be a number, 0 or more"
  }
  return Option.isNone(toDuration(bodyTimeout)) ? "bodyTimeout must be a duration" : undefined
}

/** The kind of the failure alone: the failure itself may hold what was in the body. */
const describeKind = (cause: Cause.Cause<unknown>): string => {
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  if (Predicate.hasProperty(failure, "_tag") && typeof failure._tag === "string") return failure._tag
  if (Cause.isFailure(cause)) return "an error"
  return Cause.isInterruptedOnly(cause) ? "an interruption" : "a defect"
}

const signatureAttribute = `http.request.header.${WebhookSignature.headerName}`

/**
 * The platform's span of the request has all headers, and may be above spans of the application. The signature can be replayed
 * while it is young.
 */
const redactSpans = Effect.map(Effect.serviceOption(Tracer.ParentSpan), (innermost) => {
  let current = Option.getOrUndefined(innermost)
  // A span of another process has no parent here.
  while (current?._tag === "Span") {
    if (current.attributes.has(signatureAttribute)) current.attribute(signatureAttribute, "<redacted>")
    current = Option.getOrUndefined(current.parent)
  }
})

/**
 * An `HttpApp` for the URL of an endpoint. Make it once. It answers
 *
 * - 204 when `onEvent` has succeeded
 * - 412 when the signature is missing, too old or not valid: Tink does not send the delivery again
 * - 400 when the body is not an event
 * - 413 when the body is too large, and 408 when it does not arrive in time
 * - 503 when `onEvent` fails, dies or is interrupted, or a setting is not valid: Tink sends the delivery again, up to three times
 *   (`tink-api.md` 9.5)
 *
 * Without a well-formed signature whose time is near enough, the body is not read.
 *
 * Nothing of a body, a header or a secret is logged, and of a failure of `onEvent` only its tag: log the rest in `onEvent`.
 *
 * @example
 * ```ts
 * import { Webhooks } from "@effect-tink/webhooks"
 * import { Users } from "@effect-tink/users"
 * import { HttpRouter } from "@effect/platform"
 * import { Config, Effect } from "effect"
 *
 * export const router = Effect.gen(function* () {
 *   const secret = yield* Config.redacted("TINK_WEBHOOK_SECRET")
 *   const webhooks = Webhooks.httpApp({
 *     secrets: [secret],
 *     onEvent: (event) => Effect.log(event.event)
 *   })
 *   return HttpRouter.empty.pipe(HttpRouter.post("/tink/webhooks", webhooks))
 * })
 * ```
 *
 * @since 0.1.0
 * @category receiving
 */
export const httpApp = <E, R>(options: Options<E, R>): HttpApp.Default<never, R | Scope.Scope> => {
  const unreadable: Partial<Options<E, R>> = {}
  const given = readOr((): Partial<Options<E, R>> => ({ ...options }), unreadable)
  const { bodyTimeout = "10 seconds", maxBodyBytes = 1024 * 1024, rememberDeliveries = 0 } = given
  const { onEvent = () => Effect.void } = given
  const invalid = findProblem({ bodyTimeout, maxBodyBytes, onEvent: given.onEvent, rememberDeliveries })
  const verify = WebhookSignature.verify(options)
  const recent = RecentDeliveries.make(rememberDeliveries)

  const handle = (event: WebhookEvent.WebhookEvent, delivery: WebhookSignature.Delivery) => {
    const handled = Effect.asVoid(Effect.suspend(() => onEvent(event, delivery)))
    return (rememberDeliveries > 0 ? recent.once(delivery.deliveryId, handled) : handled).pipe(
      Effect.matchCauseEffect({
        onSuccess: () => Effect.succeed(answer(204)),
        onFailure: (cause) => refuse(503, `onEvent ended with ${describeKind(cause)}`)
      }),
      Effect.annotateLogs({ deliveryId: delivery.deliveryId })
    )
  }

  /** Before the body arrives, an empty one takes its place. It can only add a mismatch: other refusals are of settings or header. */
  const checkHeader = (signature: string | undefined) =>
    Effect.catchIf(
      verify({ signature, body: new Uint8Array() }),
      ({ reason }) => reason === "Mismatch",
      () => Effect.void
    )

  const receive = (request: HttpServerRequest.HttpServerRequest, signature: string | undefined) =>
    Effect.gen(function* () {
      const body = yield* RequestBody.read(request, { maxBytes: maxBodyBytes, timeout: bodyTimeout })
      const delivery = yield* verify({ signature, body })
      const event = yield* WebhookEvent.decode(body)
      return yield* handle(event, delivery)
    }).pipe(
      Effect.catchAll((error) => {
        if (typeof error === "string") return refuseBody(error)
        return error._tag === "TinkError" ? refuse(400, error.message) : refuseSignature(error)
      })
    )

  return Effect.gen(function* () {
    yield* redactSpans
    if (invalid !== undefined) return yield* refuse(503, invalid)
    const request = yield* HttpServerRequest.HttpServerRequest
    const signature = request.headers[WebhookSignature.headerName]
    return yield* Effect.matchEffect(checkHeader(signature), {
      onFailure: (error) => closeConnection(refuseSignature(error)),
      onSuccess: () => receive(request, signature)
    })
  }).pipe(
    // A client that goes away ends the request, which the platform would otherwise run to its end.
    Effect.interruptible
  )
}

/**
 * Passes on the user of an event to `users.changed` or another function, and ignores events without a user: as the `onEvent` of
 * `httpApp`, the one line that connects webhooks with `Users`.
 *
 * The answer to Tink waits for `changed`, so that 204 means that the user is invalidated. With a shared cache whose store is down
 * this is up to `holdBack`, 30 seconds by default, and Tink may give up before. To answer 503 after five seconds, while the
 * invalidation goes on:
 *
 * @example
 * ```ts
 * import { Users } from "@effect-tink/users"
 * import { Webhooks } from "@effect-tink/webhooks"
 * import { Effect } from "effect"
 *
 * export const onEvent = Effect.map(Users.Users, (users) =>
 *   // An invalidation cannot be interrupted, so it is disconnected.
 *   Webhooks.notifyUser((user) => users.changed(user).pipe(Effect.disconnect, Effect.timeout("5 seconds")))
 * )
 * ```
 *
 * @since 0.1.0
 * @category receiving
 */
export const notifyUser =
  <E, R>(changed: (user: { readonly userId: UserId }) => Effect.Effect<unknown, E, R>) =>
  ({ userId }: WebhookEvent.WebhookEvent): Effect.Effect<void, E, R> =>
    userId === undefined ? Effect.void : Effect.asVoid(changed({ userId }))
