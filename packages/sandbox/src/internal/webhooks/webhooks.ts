/**
 * Reports the ends of refreshes to the endpoints of the app: tink-api.md 9.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { WebhookDelivery } from "../models.js"
import type { Settings } from "../settings.js"
import type { State, StoredCredentials } from "../state/state.js"
import * as Agenda from "./agenda.js"
import * as Faults from "./faults.js"
import * as Outbox from "./outbox.js"
import * as RefreshFinished from "./refreshFinished.js"

export interface Webhooks {
  /** Looks for refreshes that have started, and reports each when it ends. After every request and every test control. */
  readonly watch: Effect.Effect<void>
  readonly faults: Faults.WebhookFaults
  readonly deliveries: () => ReadonlyArray<WebhookDelivery>
  readonly resend: (id: string) => Effect.Effect<boolean>
  /** Waits until all that is due at the time of the clock was sent. */
  readonly settled: Effect.Effect<void>
  readonly clear: Effect.Effect<void>
}

export const make = (
  state: State,
  settings: Settings,
  random: Random.Random
): Effect.Effect<Webhooks, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fibers = yield* FiberSet.make<void>()
    const run = yield* FiberSet.runtime(fibers)<never>()
    const fork = (effect: Effect.Effect<void>) =>
      Effect.flatMap(Effect.clock, (clock) =>
        Effect.sync(() => void run(effect.pipe(Effect.withClock(clock), Effect.withRandom(random))))
      )
    const faults = Faults.make()
    const agenda = Agenda.make()
    const outbox = Outbox.make({ state, settings, faults, agenda, fork })

    /** The end that was seen last, by the id of the credentials. */
    const seen = new Map<string, number>()
    let isWatching = false

    // What happens until then may have replaced the end by another one.
    const report = (id: string, statusUpdated: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const credentials = state.credentials.get(id)
        const end = credentials === undefined ? undefined : RefreshFinished.endOf(credentials)
        if (credentials === undefined || end?.statusUpdated !== statusUpdated) return Effect.void
        return outbox.publish(RefreshFinished.name, RefreshFinished.toBody(state, credentials, end))
      })

    const watchOne = (credentials: StoredCredentials, now: number): Effect.Effect<void> => {
      const { id } = credentials
      const end = RefreshFinished.endOf(credentials)
      if (end === undefined || seen.get(id) === end.statusUpdated) return Effect.void
      seen.set(id, end.statusUpdated)
      // An endpoint gets the refreshes that start after its creation.
      if (!isWatching) return Effect.void
      const item = agenda.add()
      item.waitUntil(end.at)
      return fork(
        Effect.sleep(Math.max(0, end.at - now)).pipe(
          Effect.andThen(report(id, end.statusUpdated)),
          Effect.andThen(Effect.sync(item.done))
        )
      )
    }

    return {
      watch: Effect.flatMap(Clock.currentTimeMillis, (now) => {
        if (state.webhookEndpoints.size === 0) {
          isWatching = false
          return Effect.void
        }
        return Effect.forEach(state.credentials.values(), (credentials) => watchOne(credentials, now), {
          discard: true
        }).pipe(Effect.andThen(Effect.sync(() => void (isWatching = true))))
      }),
      faults,
      deliveries: outbox.deliveries,
      resend: (id) => Effect.withRandom(outbox.resend(id), random),
      settled: agenda.settled,
      clear: Effect.andThen(
        FiberSet.clear(fibers),
        Effect.sync(() => {
          faults.clear()
          outbox.clear()
          agenda.clear()
          seen.clear()
          isWatching = false
        })
      )
    }
  })
