/**
 * Sends events to the endpoints that want them, with the retries of tink-api.md 9.5.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { WebhookAttempt, WebhookDelivery, WebhookFault } from "../models.js"
import type { Settings } from "../settings.js"
import * as ids from "../state/ids.js"
import type { State } from "../state/state.js"
import type { Agenda, Item } from "./agenda.js"
import type { WebhookEndpoint } from "./endpoints.js"
import type { WebhookFaults } from "./faults.js"
import { sign } from "./signature.js"

/** What a delivery needs. */
interface Dependencies {
  readonly state: State
  readonly settings: Settings
  readonly faults: WebhookFaults
  readonly agenda: Agenda
  /** Runs in the background, at the clock of the caller. */
  readonly fork: (effect: Effect.Effect<void>) => Effect.Effect<void>
}

export interface Outbox {
  /** Sends an event to all endpoints that want it. */
  readonly publish: (event: string, body: string) => Effect.Effect<void>
  /** Sends a delivery as a new one, signed now. `false` if it or its endpoint is not known. */
  readonly resend: (id: string) => Effect.Effect<boolean>
  readonly deliveries: () => ReadonlyArray<WebhookDelivery>
  readonly clear: () => void
}

// The oldest are dropped, so that a sandbox that is left running does not grow forever.
const capacity = 10_000

const maxRetries = 3

const retriedStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

// tink-api.md 14.13: the time-out of a receiver is not documented, nor whether it counts as 408. Here it does.
const receiverTimeout = "10 seconds"

const isRetried = ({ error, status }: WebhookAttempt): boolean =>
  error === "timeout" || (status !== null && retriedStatuses.has(status))

const isDelivered = ({ status }: WebhookAttempt): boolean => status !== null && status >= 200 && status < 300

const hour = 3600

const toSignature = ({ secret }: WebhookEndpoint, body: string, fault: WebhookFault | undefined, now: number) => {
  const t = Math.floor(now / 1000) - (fault?.kind === "old-timestamp" ? hour : 0)
  return sign(fault?.kind === "wrong-secret" ? `${secret}-wrong` : secret, t, body)
}

export const make = ({ agenda, faults, fork, settings, state }: Dependencies): Outbox => {
  const deliveries = new Map<string, WebhookDelivery>()
  let held: ReadonlyArray<() => Effect.Effect<void>> = []

  const change = (id: string, f: (delivery: WebhookDelivery) => Partial<WebhookDelivery>) => {
    const delivery = deliveries.get(id)
    if (delivery !== undefined) deliveries.set(id, { ...delivery, ...f(delivery) })
  }

  const send = (request: Request): Effect.Effect<Pick<WebhookAttempt, "status" | "error">> =>
    Effect.tryPromise(async () => {
      const response = await settings.sendWebhook(request)
      await response.body?.cancel()
      return { status: response.status, error: null }
    }).pipe(
      Effect.catchAll(() => Effect.succeed({ status: null, error: "connection" } as const)),
      Effect.timeoutTo({
        duration: receiverTimeout,
        onSuccess: (attempt) => attempt,
        onTimeout: () => ({ status: null, error: "timeout" }) as const
      })
    )

  const attempt = Effect.fnUntraced(function* ({ body, id, url }: WebhookDelivery, signature: string) {
    const time = yield* Clock.currentTimeMillis
    const headers = { "content-type": "application/json", "x-tink-signature": signature }
    // Whether redirects are followed is not documented: here they are not.
    const outcome = yield* send(new Request(url, { method: "POST", headers, body, redirect: "manual" }))
    const made: WebhookAttempt = { time, ...outcome }
    change(id, ({ attempts }) => ({ attempts: [...attempts, made] }))
    return made
  })

  const wait = (item: Item, id: string, milliseconds: number) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      change(id, () => ({ state: "waiting" }))
      item.waitUntil(now + milliseconds)
      return Effect.sleep(milliseconds)
    })

  // Signed once: tink-api.md 9.4 suggests that a retry is not signed again.
  const deliver = (delivery: WebhookDelivery, signature: string, item: Item) =>
    Effect.gen(function* () {
      let made = yield* attempt(delivery, signature)
      if (delivery.fault === "duplicate") made = yield* attempt(delivery, signature)
      yield* releaseHeld
      for (let retries = 0; retries < maxRetries && isRetried(made); retries++) {
        yield* wait(item, delivery.id, settings.webhookRetryDelay * 2 ** retries)
        made = yield* attempt(delivery, signature)
      }
      change(delivery.id, () => ({ state: isDelivered(made) ? "delivered" : "failed" }))
      item.done()
    })

  const releaseHeld = Effect.suspend(() => {
    const released = held
    held = []
    return Effect.forEach(released, (start) => start(), { discard: true })
  })

  const start = (delivery: WebhookDelivery, signature: string, delay: number) =>
    Effect.suspend(() => {
      const item = agenda.add()
      change(delivery.id, () => ({ state: "sending" }))
      const delayed = delay === 0 ? Effect.void : wait(item, delivery.id, delay)
      return fork(Effect.andThen(delayed, deliver(delivery, signature, item)))
    })

  const enqueue = Effect.fnUntraced(function* (endpoint: WebhookEndpoint, event: string, body: string) {
    const id = yield* ids.id
    const time = yield* Clock.currentTimeMillis
    const fault = faults.take()
    const signature = toSignature(endpoint, body, fault, time)
    const delivery: WebhookDelivery = {
      id,
      endpointId: endpoint.id,
      url: endpoint.url,
      event,
      body,
      time,
      state: "sending",
      fault: fault?.kind ?? null,
      attempts: []
    }
    deliveries.set(id, delivery)
    for (const oldest of deliveries.keys()) {
      if (deliveries.size <= capacity) break
      deliveries.delete(oldest)
    }
    switch (fault?.kind) {
      case "drop":
        return change(id, () => ({ state: "dropped" }))
      case "reorder":
        change(id, () => ({ state: "held" }))
        held = [...held, () => start(delivery, signature, 0)]
        return
      default:
        return yield* start(delivery, signature, fault?.kind === "delay" ? fault.milliseconds : 0)
    }
  })

  return {
    publish: (event, body) =>
      Effect.forEach(
        Array.from(state.webhookEndpoints.values()).filter(
          ({ disabled, enabledEvents }) => !disabled && enabledEvents.includes(event)
        ),
        (endpoint) => enqueue(endpoint, event, body),
        { discard: true }
      ),
    resend: (id) =>
      Effect.suspend(() => {
        const delivery = deliveries.get(id)
        const endpoint = state.webhookEndpoints.get(delivery?.endpointId ?? "")
        if (delivery === undefined || endpoint === undefined) return Effect.succeed(false)
        return Effect.as(enqueue(endpoint, delivery.event, delivery.body), true)
      }),
    deliveries: () => Array.from(deliveries.values()),
    clear: () => {
      deliveries.clear()
      held = []
    }
  }
}
