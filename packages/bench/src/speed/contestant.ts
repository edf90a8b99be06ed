/** What the benchmarks ask of a contestant. */
import * as DateTime from "effect/DateTime"
import type { VirtualTime } from "./virtualTime.js"

/** Where the answers come from. */
export interface Origin {
  readonly baseUrl: string
  /** Answers in this process, where a benchmark does not measure the network. Without it, over loopback. */
  readonly fetch?: typeof globalThis.fetch
}

export interface Setup {
  readonly origin: Origin
  readonly capacity: number
  /** In milliseconds. */
  readonly timeToLive: number
  /** The maximum of open connections to the origin. Unlimited by default. */
  readonly connections?: number
  /** Present where time is simulated, and with it `Date.now` and `performance.now`. */
  readonly time?: VirtualTime | undefined
}

/** What all answers have in common, however they were decoded. */
export type Answer = ReadonlyArray<{
  readonly id: string
  readonly userId?: string | undefined
  readonly providerName?: string
  readonly status: string
  readonly statusPayload?: string | undefined
  readonly updated?: number | DateTime.Utc | undefined
}>

/** Equal text for equal answers. */
export const formatAnswer = (answer: Answer): string =>
  JSON.stringify(
    answer.map(({ id, providerName, status, statusPayload, updated, userId }) => [
      id,
      userId,
      providerName,
      status,
      statusPayload,
      DateTime.isDateTime(updated) ? DateTime.toEpochMillis(updated) : updated
    ])
  )

/** A way to list the credentials of users. */
export interface Client {
  readonly one: (userId: string) => Promise<Answer>
  /** Prepares to list the credentials of all these users, so many at a time. */
  readonly many: (userIds: ReadonlyArray<string>, concurrency: number) => () => Promise<void>
  readonly close: () => Promise<void>
}

/** A client that answers from memory. */
export interface Cache extends Client {
  /** Prepares to invalidate these users, one after the other. */
  readonly invalidate: (userIds: ReadonlyArray<string>) => () => Promise<void>
  /** Changes a user at the origin, and invalidates them. */
  readonly change: (userId: string) => Promise<void>
}

export interface Contestant<I extends Client> {
  readonly name: string
  /** Their versions are printed. */
  readonly packages: ReadonlyArray<string>
  readonly make: (setup: Setup) => Promise<I> | I
}
