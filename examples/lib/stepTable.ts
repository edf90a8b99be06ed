/** Runs the steps of a program, and prints a row for each: its duration, requests, use of the cache, and result. */
import { UserCache } from "@effect-tink/user-cache"
import { HttpClient } from "@effect/platform"
import { Console, Context, Duration, Effect, Layer } from "effect"
import { printable } from "./printable.js"

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

// `NO_COLOR` and the kind of terminal are respected.
const hasColors = process.stdout.isTTY && process.stdout.hasColors()

const color = (code: number) => (text: string) => (hasColors ? `\u001b[${code}m${text}\u001b[0m` : text)

const dim = color(2)
const red = color(31)
const green = color(32)
const yellow = color(33)

const plain = (text: string) => text

interface Row {
  readonly took: string
  readonly sent: string
  readonly cache: string
  readonly text: string
}

// A terminal without a size has 0 columns.
const columns = process.stdout.columns || 80

const numbersWidth = 29

const cut = (text: string): string => {
  const width = Math.max(20, columns - numbersWidth)
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

const cacheColors: Readonly<Record<string, (text: string) => string>> = { hit: green, invalidated: yellow }

const formatRow = ({ cache, sent, text, took }: Row, colorText = plain): string => {
  const colorCache = cacheColors[cache] ?? plain
  return `  ${dim(took.padStart(6))}  ${sent.padStart(4)}  ${colorCache(cache.padEnd(11))}  ${colorText(cut(text))}`.trimEnd()
}

const header = formatRow({ took: "took", sent: "sent", cache: "cache", text: "step" })

export const printHeader = Console.log(`${header}\n  ${dim("─".repeat(Math.max(0, Math.min(columns, 80) - 4)))}`)

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
      Effect.tapError(() => Console.log(formatRow({ took: "", sent: "", cache: "", text: `${title}: failed` }, red)))
    )
    const result = printable(formatResult(value))
    const row = {
      took: formatDuration(took),
      sent: String(sent.count - sentBefore),
      cache: formatCacheUse(before, yield* cache.stats),
      text: result === "" ? title : `${title}: ${result}`
    }
    yield* Console.log(formatRow(row))
    return value
  })
