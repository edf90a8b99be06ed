import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { StoreError } from "../InvalidationStore.js"
import { type Connection, toMessage } from "./connection.js"

interface EvalOptions {
  keys?: Array<string>
  arguments?: Array<string>
}

interface Subscriber {
  on(event: "error", listener: (error: Error) => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  destroy(): unknown
}

/** The part of a client, cluster or sentinel of node-redis 5 or 6 that is used. */
export interface NodeRedisClient {
  evalSha(sha: string, options: EvalOptions): Promise<unknown>
  eval(script: string, options: EvalOptions): Promise<unknown>
  duplicate(): Subscriber
  /** A cluster has it. */
  readonly slots?: ReadonlyArray<{ readonly master: { readonly address: string } } | undefined>
}

const toOptions = (keys: ReadonlyArray<string>, args: ReadonlyArray<string>): EvalOptions => ({
  keys: [...keys],
  arguments: [...args]
})

const toError = (cause: unknown) => ({ message: toMessage(cause) })

export const fromNodeRedis = (client: NodeRedisClient): Connection => ({
  nodeOf: client.slots === undefined ? undefined : (slot) => client.slots?.[slot]?.master.address,
  evalSha: (sha, keys, args) => client.evalSha(sha, toOptions(keys, args)),
  eval: (script, keys, args) => client.eval(script, toOptions(keys, args)),
  subscribe: (channel, onMessage) =>
    Effect.gen(function* () {
      const subscriber = yield* Effect.acquireRelease(
        Effect.sync(() => client.duplicate()),
        // The method of a sentinel returns a promise.
        (subscriber) => Effect.ignore(Effect.tryPromise(async () => subscriber.destroy()))
      )
      // It reconnects by itself. Without a listener, an error would end the process.
      subscriber.on("error", () => {})
      yield* Effect.tryPromise({
        try: async () => {
          await subscriber.connect()
          await subscriber.subscribe(channel, onMessage)
        },
        catch: toError
      })
    })
})

const maxReconnectDelay = Duration.toMillis("1 second")

const load = Effect.tryPromise({
  try: () => import("redis"),
  catch: () =>
    new StoreError({
      operation: "check",
      message: "the package redis is not installed: npm install redis@6, or make the store of a client of your own"
    })
})

/** A connection that fails while it is down, and reconnects for as long as the scope is open. */
export const openNodeRedis = (url: string) =>
  Effect.gen(function* () {
    const { createClient } = yield* load
    const client = yield* Effect.acquireRelease(
      Effect.sync(() =>
        createClient({
          url,
          disableOfflineQueue: true,
          // The cache gives up by itself. A timer for each command costs as much as the command.
          commandOptions: { timeout: 0 },
          socket: { reconnectStrategy: (attempts) => Math.min(50 * 2 ** attempts, maxReconnectDelay) }
        })
      ),
      (client) => Effect.ignore(Effect.try(() => client.destroy()))
    )
    client.on("error", () => {})
    // Resolves with the first connection. Until then every command fails.
    const connected = Effect.tryPromise(() => client.connect())
    yield* Effect.timeoutOption(Effect.exit(Effect.disconnect(connected)), "2 seconds")
    return client
  })
