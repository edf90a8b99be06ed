/** What the benchmarks ask of a contestant. */
import * as DateTime from "effect/DateTime"
import type { VirtualTime } from "./virtualTime.js"

/** Where the answers come from. */
export interface Origin {
  readonly baseUrl: string
  /** Answers in this process, where a benchmark is not about the network. Over loopback when there is none. */
  readonly fetch?: typeof globalThis.fetch
}

export interface Setup {
  readonly origin: Origin
  readonly capacity: number
  /** In milliseconds. */
  readonly timeToLive: number
  /** How many connections to the origin are open at the most. As many as wanted by default. */
  readonly connections?: number
  /** Where time is simulated. `Date.now` and `performance.now` are simulated too. */
  readonly time?: VirtualTime | undefined
}

/** What all answers have in common, whichever way they were decoded. */
export type Answer = ReadonlyArray<{
  readonly id: string
  readonly userId?: string | undefined
  readonly providerName: string
  readonly status: string
  readonly statusPayload?: string | undefined
  readonly updated?: number | DateTime.Utc | undefined
}>

/** The same for the same answer. */
export const inWords = (answer: Answer): string =>
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
  /** Makes ready to list those of all these users, so many at a time, and returns what does it. */
  readonly many: (userIds: ReadonlyArray<string>, concurrency: number) => () => Promise<void>
  readonly close: () => Promise<void>
}

/** A client that answers from memory. */
export interface Cache extends Client {
  /** Makes ready to invalidate these users, one after the other, and returns what does it. */
  readonly invalidate: (userIds: ReadonlyArray<string>) => () => Promise<void>
  /** Changes a user at the origin, and invalidates them. */
  readonly change: (userId: string) => Promise<void>
}

export interface Contestant<I extends Client> {
  readonly name: string
  /** Whose versions are printed. */
  readonly packages: ReadonlyArray<string>
  readonly make: (setup: Setup) => Promise<I> | I
}
