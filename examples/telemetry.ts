/** OpenTelemetry: the trace of one call, and the metrics after it. Here both are printed. */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { NodeSdk } from "@effect/opentelemetry"
import { NodeRuntime } from "@effect/platform-node"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Array as Arr, Console, Effect, Layer, Order, Redacted } from "effect"
import "./lib/quietOutput.js"

const spans = new InMemorySpanExporter()
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const metricReader = new PeriodicExportingMetricReader({ exporter: metrics })

// An application gives these an OTLP exporter, and a `BatchSpanProcessor`.
const layerTelemetry = NodeSdk.layer(() => ({
  resource: { serviceName: "shop" },
  spanProcessor: new SimpleSpanProcessor(spans),
  metricReader
}))

const program = Effect.gen(function* () {
  const users = yield* Users.Users
  const sandbox = yield* TinkSandbox.TinkSandbox
  const { userId } = yield* users.createUser({ market: "SE" })
  yield* sandbox.connectBank(userId)
  const session = yield* users.authorize({ userId, scopes: ["credentials:read"] })
  yield* sandbox.injectFault({ kind: "status", status: 503, path: "/api/v1/credentials/list" })
  yield* users.listCredentials(session).pipe(Effect.withSpan("GET /accounts"))
  yield* users.listCredentials(session) // from the cache: it has no span
}).pipe(Effect.tagMetrics("tenant", "SE"))

const millis = ([seconds, nanos]: ReadableSpan["duration"]): string => `${(seconds * 1e3 + nanos / 1e6).toFixed(1)} ms`

const startedAt = ({ startTime: [seconds, nanos] }: ReadableSpan): number => seconds * 1e3 + nanos / 1e6

/** A span and those in it, each a line. */
const formatSpan = (span: ReadableSpan, all: ReadonlyArray<ReadableSpan>, depth: number): ReadonlyArray<string> => {
  const status = span.attributes["http.response.status_code"]
  const title = `${"  ".repeat(depth)}${span.name}${status === undefined ? "" : `  ${String(status)}`}`
  const inside = all.filter(({ parentSpanContext }) => parentSpanContext?.spanId === span.spanContext().spanId)
  return [
    `${millis(span.duration).padStart(9)}  ${title}`,
    ...inside.flatMap((child) => formatSpan(child, all, depth + 1))
  ]
}

const formatTrace = (name: string): string => {
  const all = Arr.sortWith(spans.getFinishedSpans(), startedAt, Order.number)
  return all
    .filter((span) => span.name === name)
    .flatMap((span) => formatSpan(span, all, 0))
    .join("\n")
}

const formatMetrics = (): string => {
  const lines = metrics
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    .filter(({ descriptor }) => descriptor.name.startsWith("tink_"))
    .flatMap(({ dataPoints, descriptor }) =>
      dataPoints.map(({ attributes, value }) => {
        const labels = Object.entries(attributes).map(([key, label]) => `${key}=${String(label)}`)
        return `  ${descriptor.name.padEnd(24)}  ${String(value)}  ${labels.join(" ")}`.trimEnd()
      })
    )
  return Arr.sort(lines, Order.string).join("\n")
}

const report = Effect.gen(function* () {
  yield* Effect.promise(() => metricReader.forceFlush())
  yield* Console.log(`The trace of one call:\n\n${formatTrace("GET /accounts")}\n\nThe metrics:\n\n${formatMetrics()}`)
})

const layerMain = Users.layer.pipe(
  Layer.provide(UserCache.layer({ capacity: 10_000 })),
  Layer.provide(TinkHttp.layer({ clientId: "sandbox-client", clientSecret: Redacted.make("sandbox-secret") })),
  Layer.provideMerge(TinkSandbox.layerHttpClient())
)

program.pipe(Effect.andThen(report), Effect.provide(Layer.provideMerge(layerMain, layerTelemetry)), NodeRuntime.runMain)
