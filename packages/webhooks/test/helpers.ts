import * as HttpApp from "@effect/platform/HttpApp"
import { type WebhookEvent, Webhooks, WebhookSignature } from "@effect-tink/webhooks"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** The golden vectors of tink-api.md 9.4. */
export const vectors = {
  A: {
    secret: "top_secret_top_secret_top_secret",
    t: 1_620_198_421,
    body: '{"context": {...}, "event": "...",  "content": {...}}',
    v1: "3808bca389150582fd78bdb5e3dfcf46f99ff168d37d60cdc13da7c5e49abefb"
  },
  B: {
    secret: "00000000000000000000000000000000",
    t: 1_700_000_001,
    body: '{"context":{"userId":"00000000000000000000000000000001","externalUserId":"cust-0001"},"content":{"credentialsId":"00000000000000000000000000000002","status":"UPDATED","credentialsStatus":"UPDATED","finished":1700000000000,"source":"OPERATION_SOURCE_API","sessionExpiryDate":1707776000000},"event":"refresh:finished"}',
    v1: "56bf65f1b304071114b6f5008e56b04fab782e00cc506f51311f8258c0adf026"
  },
  C: {
    secret: "whsec",
    t: 1_700_000_001,
    body: '{"context":{"userId":"u","externalUserId":"å"},"content":{},"event":"account:created"}',
    v1: "f76e7b95bbe2f2967e67a32ff29b4c847bdc0ef3a531de98fc4395fb96b93e5d"
  }
} as const

export type Vector = (typeof vectors)[keyof typeof vectors]

export const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const headerOf = ({ t, v1 }: Vector): string => `t=${t},v1=${v1}`

export const secret = Redacted.make(vectors.B.secret)

/** The time of the vectors B and C, in epoch milliseconds. */
export const now = vectors.B.t * 1000

export const url = "https://app.example/tink/webhooks"

/** A receiver as a web handler, at the clock and with the logger of the test. */
export const receiver = <E>(
  options: Partial<Webhooks.Options<E, never>> & Pick<Webhooks.Options<E, never>, "onEvent">
) =>
  Effect.map(Effect.runtime<never>(), (runtime) =>
    HttpApp.toWebHandlerRuntime(runtime)(Webhooks.httpApp({ secrets: [secret], ...options }))
  )

export type Receiver = Effect.Effect.Success<ReturnType<typeof receiver>>

export const post = (handler: Receiver, body: BodyInit | null, headers: Readonly<Record<string, string>>) =>
  Effect.promise(() =>
    handler(
      new Request(url, { method: "POST", body, headers, ...(body instanceof ReadableStream ? { duplex: "half" } : {}) })
    )
  )

/** Signs a text now, and posts it. */
export const postSigned = (handler: Receiver, body: string) =>
  Effect.flatMap(Effect.orDie(WebhookSignature.sign({ secret, body: toBytes(body) })), (signature) =>
    post(handler, body, { "x-tink-signature": signature })
  )

export const statusOf = (response: Effect.Effect<Response>) => Effect.map(response, ({ status }) => status)

export const noEvents = (event: WebhookEvent.WebhookEvent) => Effect.dieMessage(`no event was due: ${event.event}`)
