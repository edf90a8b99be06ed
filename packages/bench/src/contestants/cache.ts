/** A cache, used as its own documentation recommends. Written once for both halves: the checks and the benchmarks. */
import type * as Effect from "effect/Effect"

export interface Options<Lookup> {
  /** How many values it keeps. */
  readonly capacity: number
  /** In milliseconds. */
  readonly timeToLive: number
  readonly lookup: Lookup
}

/** Anything but null and undefined, which some caches take for "not stored". */
export type Value = NonNullable<unknown>

/** A cache that knows keys, but not which user a key belongs to. */
export interface KeyedCache<A> {
  readonly get: (key: string) => Promise<A>
  /** A `get` whose reader gives up after so many milliseconds. Only where the library has a way to give up. */
  readonly getWithin?: (key: string, millis: number) => Promise<A>
  readonly invalidate: (keys: ReadonlyArray<string>) => Promise<unknown>
  readonly close?: () => Promise<void>
}

/** A cache that can invalidate everything of one user. */
export interface GroupedCache<A> {
  readonly get: (userId: string, key: string) => Promise<A>
  /** As in `KeyedCache`. */
  readonly getWithin?: (userId: string, key: string, millis: number) => Promise<A>
  readonly invalidateUser: (userId: string) => Promise<unknown>
  readonly close?: () => Promise<void>
}

export type KeyedOptions<A> = Options<(key: string) => Promise<A>>
export type GroupedOptions<A> = Options<(userId: string, key: string) => Promise<A>>

export type MakeKeyed = <A extends Value>(options: KeyedOptions<A>) => KeyedCache<A>
export type MakeGrouped = <A extends Value>(options: GroupedOptions<A>) => GroupedCache<A>

/** A `KeyedCache` whose operations are effects. */
export interface KeyedEffectCache<A, E> {
  readonly get: (key: string) => Effect.Effect<A, E>
  readonly invalidate: (key: string) => Effect.Effect<void>
}

/** A `GroupedCache` whose operations are effects. */
export interface GroupedEffectCache<A, E> {
  readonly get: (userId: string, key: string) => Effect.Effect<A, E>
  readonly invalidateUser: (userId: string) => Effect.Effect<void>
}

export type KeyedEffectOptions<A, E> = Options<(key: string) => Effect.Effect<A, E>>
export type GroupedEffectOptions<A, E> = Options<(userId: string, key: string) => Effect.Effect<A, E>>

/** One string for a user and a key. */
export const joinKey = (userId: string, key: string): string => `${userId}/${key}`
