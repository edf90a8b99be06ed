/** Tells what a program does, step by step: how long it took, how many requests went out, what the cache did. */
import { UserCache } from "@effect-tink/user-cache"
import { HttpClient } from "@effect/platform"
import { Console, Context, Duration, Effect, Layer } from "effect"

/** How many requests have gone out. */
export class SentRequests extends Context.Tag("examples/SentRequests")<SentRequests, { count: number }>() {}

/** An `HttpClient` like the one it is built from, which also counts. */
export const layerCountingClient = Layer.effectContext(
  Effect.gen(function* () {
    const sent = { count: 0 }
    const client = HttpClient.tapRequest(yield* HttpClient.HttpClient, () => Effect.sync(() => (sent.count += 1)))
    return Context.make(HttpClient.HttpClient, client).pipe(Context.add(SentRequests, sent))
  })
)

const row = (title: string, result: string, took: string, requests: string, cache: string) =>
  `  ${title.padEnd(30)}  ${result.padEnd(36)}  ${took.padStart(7)}  ${requests.padStart(8)}  ${cache}`.trimEnd()

const header = row("step", "result", "took", "requests", "cache")

export const heading = Console.log(`${header}\n  ${"─".repeat(header.length + 4)}`)

export const failed = (message: string) => Console.error(`\n  failed: ${message}\n`)

const inWords = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  return millis >= 1000 ? `${(millis / 1000).toFixed(1)} s` : `${millis.toFixed(millis < 10 ? 1 : 0)} ms`
}

const events = (before: UserCache.Stats, after: UserCache.Stats): string => {
  if (after.invalidations > before.invalidations) return "invalidated"
  if (after.hits > before.hits) return "hit"
  return after.misses > before.misses ? "miss" : ""
}

/** Runs a step and tells about it in one line. */
export const step = <A, E, R>(title: string, effect: Effect.Effect<A, E, R>, describe: (value: A) => string) =>
  Effect.gen(function* () {
    const sent = yield* SentRequests
    const cache = yield* UserCache.UserCache
    const sentBefore = sent.count
    const before = yield* cache.stats
    const [took, value] = yield* Effect.timed(effect).pipe(
      Effect.tapError(() => Console.log(row(title, "failed", "", "", "")))
    )
    const requests = String(sent.count - sentBefore)
    yield* Console.log(row(title, describe(value), inWords(took), requests, events(before, yield* cache.stats)))
    return value
  })
