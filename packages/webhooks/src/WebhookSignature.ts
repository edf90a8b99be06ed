/**
 * Verifies that a delivery is from Tink (`tink-api.md` 9.4).
 *
 * It needs Web Crypto only, which Node, Bun, Deno, browsers and workers have.
 *
 * @since 0.1.0
 */
import { readOr, toDuration } from "@effect-tink/http/InputRules"
import type * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Hmac from "./internal/hmac.js"
import * as SignatureHeader from "./internal/signatureHeader.js"

/**
 * The name of the header that holds the signature, in lower case.
 *
 * @since 0.1.0
 * @category constants
 */
export const headerName = "x-tink-signature"

/**
 * Which signatures are accepted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The secrets of the endpoints that are accepted: two while one replaces the other. Each as Tink returned it on creation. */
  readonly secrets: Arr.NonEmptyReadonlyArray<Redacted.Redacted>
  /** How far the time of the signature may be from now, in the past and in the future. Default: 10 minutes. */
  readonly tolerance?: Duration.DurationInput | undefined
}

/**
 * A delivery as it arrived.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received {
  /** The value of the header `X-Tink-Signature`, if there was one. */
  readonly signature: string | null | undefined
  /** The bytes of the body as they arrived. A body that was parsed and written again has another signature. */
  readonly body: Uint8Array
}

/**
 * What is known of a delivery whose signature is valid.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  /**
   * The SHA-256 of the signed time and the body, in hex. Tink sends no id of its own. A delivery that is sent again has the same
   * one, unless Tink signs it again (`tink-api.md` 9.4).
   */
  readonly deliveryId: string
  /** When it was signed, in epoch milliseconds. */
  readonly signedAt: number
}

/**
 * The reason of a refusal:
 *
 * - `Missing`: there is no header `X-Tink-Signature`
 * - `Malformed`: the header is not as Tink documents it, or was sent twice
 * - `OutsideTolerance`: it was signed too long ago, or in the future
 * - `Mismatch`: no secret made the signature, or the body is not what was signed
 * - `InvalidBody`: the body is not the bytes that arrived
 * - `InvalidSecrets`: there is no secret, or one that is empty or between blanks. Nothing is verified with an empty one: anyone
 *   could sign
 * - `InvalidTolerance`: `tolerance` is not a duration
 *
 * @since 0.1.0
 * @category models
 */
export type Reason =
  "Missing" | "Malformed" | "OutsideTolerance" | "Mismatch" | "InvalidBody" | "InvalidSecrets" | "InvalidTolerance"

const messages: Readonly<Record<Reason, string>> = {
  Missing: "there is no X-Tink-Signature: the delivery is not from Tink, or a proxy removed the header",
  Malformed: "X-Tink-Signature is not t=<seconds>,v1=<64 hex digits>, or was sent twice",
  OutsideTolerance: "the time of the signature is too far from now: check the clock of this machine",
  Mismatch: "the signature is not valid: check the secret, and that the body is verified before it is parsed",
  InvalidBody: "body must be the bytes of the request as a Uint8Array: read them before they are parsed",
  InvalidSecrets: "secrets must hold at least one secret, each Redacted, not blank and without blanks around it",
  InvalidTolerance: "tolerance must be a duration"
}

/**
 * The error of a delivery that is not accepted. It holds no secret, header or body.
 *
 * It is not a `TinkError`, whose schema alone is ten times as large as the verification.
 *
 * @since 0.1.0
 * @category errors
 */
export class WebhookSignatureError extends Error {
  /**
   * @since 0.1.0
   */
  readonly _tag = "WebhookSignatureError"
  /**
   * @since 0.1.0
   */
  readonly reason: Reason

  constructor(reason: Reason) {
    super(messages[reason])
    this.name = "WebhookSignatureError"
    this.reason = reason
  }
}

const importSecret = (secret: Redacted.Redacted): Promise<CryptoKey> => {
  const text: unknown = Redacted.value(secret)
  // A line end of a file or a variable would refuse every delivery, and Tink would send none of them again.
  if (typeof text !== "string" || text === "" || text !== text.trim()) throw new WebhookSignatureError("InvalidSecrets")
  return Hmac.importKey(text)
}

// A secret that is not Redacted, or was wiped, throws.
const importSecrets = async (secrets: ReadonlyArray<Redacted.Redacted>): Promise<ReadonlyArray<CryptoKey>> => {
  try {
    const keys = await Promise.all(secrets.map(importSecret))
    if (keys.length > 0) return keys
  } catch {
    // The error may repeat the secret.
  }
  throw new WebhookSignatureError("InvalidSecrets")
}

/**
 * Verifies deliveries without Effect, where every kilobyte counts. `now` is in epoch milliseconds. The promise is rejected with a
 * `WebhookSignatureError`.
 *
 * @example
 * ```ts
 * import { verifyPromise } from "@effect-tink/webhooks/WebhookSignature"
 * import { Redacted } from "effect"
 *
 * const verify = verifyPromise({ secrets: [Redacted.make("the secret of the endpoint")] })
 *
 * export const handler = async (request: Request): Promise<Response> => {
 *   const body = new Uint8Array(await request.arrayBuffer())
 *   const signature = request.headers.get("x-tink-signature")
 *   return verify({ signature, body }, Date.now()).then(
 *     () => new Response(null, { status: 204 }),
 *     () => new Response(null, { status: 412 })
 *   )
 * }
 * ```
 *
 * @since 0.1.0
 * @category verification
 */
export const verifyPromise = (options: Options) => {
  // At run time the options and what was received may be of any type.
  const given = readOr(() => ({ secrets: options?.secrets, tolerance: options?.tolerance }), undefined)
  const tolerance = toDuration(given?.tolerance === undefined ? 600_000 : given.tolerance)
  let keys: Promise<ReadonlyArray<CryptoKey>> | undefined
  return async (received: Received, now: number): Promise<Delivery> => {
    keys ??= importSecrets(given?.secrets ?? [])
    const imported = await keys
    if (Option.isNone(tolerance)) throw new WebhookSignatureError("InvalidTolerance")
    const body: unknown = received?.body
    const signature: unknown = received?.signature
    if (!(body instanceof Uint8Array)) throw new WebhookSignatureError("InvalidBody")
    if (signature === undefined || signature === null) throw new WebhookSignatureError("Missing")
    const header = typeof signature === "string" ? SignatureHeader.parse(signature) : undefined
    if (header === undefined) throw new WebhookSignatureError("Malformed")
    const signedAt = Number(header.t) * 1000
    if (!(Math.abs(now - signedAt) <= Duration.toMillis(tolerance.value)))
      throw new WebhookSignatureError("OutsideTolerance")
    const payload = Hmac.toPayload(header.t, body)
    if (!(await Hmac.matchesAny(imported, header.signatures, payload))) throw new WebhookSignatureError("Mismatch")
    return { deliveryId: await Hmac.digest(payload), signedAt }
  }
}

const toSignatureError = (error: unknown): WebhookSignatureError =>
  error instanceof WebhookSignatureError ? error : new WebhookSignatureError("Malformed")

/**
 * Verifies deliveries: every secret against every signature, in constant time. Fails with `WebhookSignatureError`.
 *
 * Make it once: the secrets are imported on first use.
 *
 * @example
 * ```ts
 * import { WebhookSignature } from "@effect-tink/webhooks"
 * import { Effect, Redacted } from "effect"
 *
 * const verify = WebhookSignature.verify({
 *   secrets: [Redacted.make("the secret of the endpoint"), Redacted.make("that of its successor")]
 * })
 *
 * export const isFromTink = (signature: string, body: Uint8Array) => Effect.isSuccess(verify({ signature, body }))
 * ```
 *
 * @since 0.1.0
 * @category verification
 */
export const verify = (options: Options) => {
  const check = verifyPromise(options)
  return (received: Received): Effect.Effect<Delivery, WebhookSignatureError> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.tryPromise({ try: () => check(received, now), catch: toSignatureError })
    )
}

/**
 * What is signed, and when.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignOptions {
  readonly secret: Redacted.Redacted
  readonly body: Uint8Array
  /** In epoch milliseconds; the header has whole seconds. Default: now. */
  readonly signedAt?: number | undefined
}

/**
 * Makes the value of the header `X-Tink-Signature`, as Tink does: for tests of a receiver. Fails with `WebhookSignatureError` if
 * the secret is blank.
 *
 * @since 0.1.0
 * @category signing
 */
export const sign = (options: SignOptions): Effect.Effect<string, WebhookSignatureError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.tryPromise({
      try: async () => {
        const { body, secret, signedAt } = options
        if (!(body instanceof Uint8Array)) throw new WebhookSignatureError("InvalidBody")
        const [key] = await importSecrets([secret])
        if (key === undefined) throw new WebhookSignatureError("InvalidSecrets")
        const t = String(Math.floor((signedAt ?? now) / 1000))
        return SignatureHeader.format(t, await Hmac.sign(key, Hmac.toPayload(t, body)))
      },
      catch: toSignatureError
    })
  )
