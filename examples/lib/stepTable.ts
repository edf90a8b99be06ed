/** Runs the steps of a program, and prints a row for each: its result, duration, requests, and use of the cache. */
import { UserCache } from "@effect-tink/user-cache"
import { HttpClient } from "@effect/platform"
import { Console, Context, Duration, Effect, Layer } from "effect"

/** How many requests were sent. */
export class SentRequests extends Context.Tag("examples/SentRequests")<SentRequests, { count: number }>() {}

/** Counts the requests of an `HttpClient`. */
export const layerCountingClient = Layer.effectContext(
  Effect.gen(function* () {
    const sent = { count: 0 }
    const client = HttpClient.tapRequest(yield* HttpClient.HttpClient, () => Effect.sync(() => (sent.count += 1)))
    return Context.make(HttpClient.HttpClient, client).pipe(Context.add(SentRequests, sent))
  })
)

const formatRow = (title: string, result: string, took: string, requests: string, cache: string) =>
  `  ${title.padEnd(30)}  ${result.padEnd(36)}  ${took.padStart(7)}  ${requests.padStart(8)}  ${cache}`.trimEnd()

const header = formatRow("step", "result", "took", "requests", "cache")

export const printHeader = Console.log(`${header}\n  ${"─".repeat(header.length + 4)}`)

export const printFailure = (message: string) => Console.error(`\n  failed: ${message}\n`)

const formatDuration = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  return millis >= 1000 ? `${(millis / 1000).toFixed(1)} s` : `${millis.toFixed(millis < 10 ? 1 : 0)} ms`
}

const formatCacheUse = (before: UserCache.Stats, after: UserCache.Stats): string => {
  if (after.invalidations > before.invalidations) return "invalidated"
  if (after.hits > before.hits) return "hit"
  return after.misses > before.misses ? "miss" : ""
}

/** Runs a step and prints its row. */
export const step = <A, E, R>(title: string, effect: Effect.Effect<A, E, R>, formatResult: (value: A) => string) =>
  Effect.gen(function* () {
    const sent = yield* SentRequests
    const cache = yield* UserCache.UserCache
    const sentBefore = sent.count
    const before = yield* cache.stats
    const [took, value] = yield* Effect.timed(effect).pipe(
      Effect.tapError(() => Console.log(formatRow(title, "failed", "", "", "")))
    )
    const requests = String(sent.count - sentBefore)
    const cacheUse = formatCacheUse(before, yield* cache.stats)
    yield* Console.log(formatRow(title, formatResult(value), formatDuration(took), requests, cacheUse))
    return value
  })
