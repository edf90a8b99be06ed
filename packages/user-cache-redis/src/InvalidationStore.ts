/**
 * What the processes that share a cache tell each other: which users have changed, and which are changing.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

/**
 * A call to the store failed, or was not answered in time. The store may have done what was asked.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoreError extends Data.TaggedError("StoreError")<{
  readonly operation: "check" | "validate" | "begin" | "finish" | "advance" | "hints"
  /** What went wrong, without keys, values and connection settings. */
  readonly message: string
}> {}

/**
 * The state of a user at the moment at which the store answered.
 *
 * @since 0.1.0
 * @category models
 */
export interface Validation {
  /**
   * Changes with every change of the user, and when the store may have forgotten one. No generation occurs twice: two
   * equal ones mean that no change began or ended in between.
   */
  readonly generation: string
  /** Whether a change or a quarantine of the user is under way, or the store could not remember the user. */
  readonly isChanging: boolean
}

/**
 * What the store says when a change begins.
 *
 * @since 0.1.0
 * @category models
 */
export interface Begun {
  /**
   * The token of the user's record, in which the change was marked. It is replaced by another when the store may have
   * forgotten something of the user, also if it remembers it again.
   */
  readonly token: string
}

/**
 * The end of a change, or a change that is over as soon as it begins.
 *
 * @since 0.1.0
 * @category models
 */
export interface End {
  readonly userId: string
  readonly changeId: string
  /** The token that `begin` returned, if it was answered. */
  readonly token?: string | undefined
  /** How long the user is quarantined from now on. Zero if not at all. */
  readonly quarantineMillis: number
}

/**
 * A change has ended in some process.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hint {
  readonly userId: string
  readonly changeId: string
}

/**
 * The store. An effect may be interrupted; what it asked for may still be done.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * The server that answers for a user now. The users of one server share a question, and its failures do not affect the
   * users of other servers.
   */
  readonly serverOf: (userId: string) => string

  /** The state of each user of one server, in the order of `userIds`. */
  readonly validate: (userIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Validation>, StoreError>

  /** Marks the user as changing, for at most 60 seconds, and moves the generation. */
  readonly begin: (userId: string, changeId: string) => Effect.Effect<Begun, StoreError>

  /**
   * Moves the generation, removes the mark of the change, and starts or extends a quarantine. May be repeated.
   *
   * `wasMarked` is whether the mark was there all the time: it still is, in a record with the same token. Without it, a
   * process may have been told meanwhile that nothing changes.
   */
  readonly finish: (end: End) => Effect.Effect<{ readonly wasMarked: boolean }, StoreError>

  /** Moves the generation because a newer state of the user was read. */
  readonly advance: (
    userId: string
  ) => Effect.Effect<{ readonly previous: string; readonly generation: string }, StoreError>

  /** The ends of changes. Some may be missing: nothing that must be right may depend on it. */
  readonly hints: Stream.Stream<Hint, StoreError>
}

/**
 * The service: the store that all processes of an application share.
 *
 * @since 0.1.0
 * @category tags
 */
export class InvalidationStore extends Context.Tag("@effect-tink/user-cache-redis/InvalidationStore")<
  InvalidationStore,
  Service
>() {}
