import type * as Redacted from "effect/Redacted"

type CachedTokenAt = (now: number) => Redacted.Redacted | undefined

/** Kept outside the sources, so that copies of a source do not inherit it. */
const sources = new WeakMap<object, CachedTokenAt>()

export const withCachedToken = <Source extends object>(source: Source, cachedTokenAt: CachedTokenAt): Source => {
  sources.set(source, cachedTokenAt)
  return source
}

/** The token that a source returns without a fetch, if it has one. Reading it here saves the timer of a wait. */
export const cachedToken = (source: object, now: number): Redacted.Redacted | undefined => sources.get(source)?.(now)
