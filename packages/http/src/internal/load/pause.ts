import type * as Clock from "effect/Clock"
import * as Metrics from "../metrics.js"
import { monotonicMillis } from "./monotonic.js"

/** Holds back all requests for the time that Tink asks for. After that they begin again slowly. */
export interface Pause {
  /** The milliseconds until the pause ends. */
  readonly left: (clock: Clock.Clock) => number
  /** How many requests may start now, if nothing else holds them back. */
  readonly allowance: (clock: Clock.Clock) => number
  readonly countStart: () => void
  readonly countSuccess: (clock: Clock.Clock) => void
  /** Tink asks to wait, because of its rate limit or for another reason. */
  readonly begin: (clock: Clock.Clock, millis: number, isRateLimit: boolean) => void
}

/** In this time, as many requests start as may be in flight; in twice the time, four times as many. */
const rampMillis = 200
const rampEndMillis = 1000

/** A 429 within this time tells the rate that Tink serves. */
const measureMillis = 5000

/** How long the rate that Tink served is kept before more is tried. */
const keepRateMillis = 20_000

/** Below the rate that Tink served, as its seconds do not begin with ours. Above one that would hold back an app with few requests. */
const rateShare = 0.95
const minPerSecond = 10

/** After a 429 at a rate that should have been served. */
const rateCut = 0.9

/** Counts successes after a pause. */
const makeCounter = () => {
  let second = 0
  let inSecond = 0
  let most = 0
  let total = 0
  return {
    count: (millis: number): void => {
      const current = Math.floor(millis / 1000)
      if (current !== second) [second, inSecond] = [current, 0]
      most = Math.max(most, ++inSecond)
      total += 1
    },
    /** The most in a second. Those of less than a second are counted as a whole, as the last of them end later. */
    perSecond: (millis: number): number => Math.max(most, total / Math.max(1, millis / 1000))
  }
}

export const makePause = (maxConcurrency: number, maxMillis: number): Pause => {
  let until: number | undefined
  let started = 0
  /** The end of the last pause that has ended, and the successes since then. */
  let resumedAt: number | undefined
  let served = makeCounter()
  /** How long requests were sent before this pause, if 429 began it soon after another. */
  let servedMillis: number | undefined
  /** What was measured before the last pause. Two measures make a rate. */
  let firstMeasure: number | undefined
  /** The requests per second that are likely to be served. */
  let perSecond: number | undefined

  const left = (clock: Clock.Clock): number => (until === undefined ? 0 : Math.max(0, until - monotonicMillis(clock)))

  const measureRamp = (measured: number): number | undefined => {
    if (firstMeasure === undefined) {
      firstMeasure = measured
      return undefined
    }
    // The smaller of two, as one may have had the requests of two of Tink's seconds.
    const least = Math.min(firstMeasure, measured)
    firstMeasure = undefined
    return least * rateShare
  }

  const nextRate = (): number | undefined => {
    if (servedMillis === undefined) {
      firstMeasure = undefined
      return undefined
    }
    if (perSecond !== undefined && servedMillis < keepRateMillis) return perSecond * rateCut
    const measured = served.perSecond(servedMillis)
    return perSecond === undefined ? measureRamp(measured) : measured * rateShare
  }

  // At the end of the pause: at its beginning, requests that Tink serves are still in flight.
  const resume = (): void => {
    const rate = nextRate() ?? 0
    perSecond = rate > 0 ? Math.max(minPerSecond, rate) : undefined
    resumedAt = until
    started = 0
    served = makeCounter()
  }

  const end = (): void => {
    until = undefined
    resumedAt = undefined
  }

  return {
    left,
    allowance: (clock) => {
      if (until === undefined) return Number.POSITIVE_INFINITY
      const sincePause = monotonicMillis(clock) - until
      if (sincePause < 0) return 0
      if (resumedAt !== until) resume()
      const sinceKept = perSecond === undefined ? sincePause : Math.max(0, sincePause - keepRateMillis)
      if (sinceKept >= measureMillis) end()
      if (sinceKept >= rampEndMillis) return Number.POSITIVE_INFINITY
      const kept = ((perSecond ?? 0) * sincePause) / 1000
      return Math.max(1, Math.floor(kept + maxConcurrency * (sinceKept / rampMillis) ** 2)) - started
    },
    countStart: () => {
      started += 1
    },
    countSuccess: (clock) => {
      if (resumedAt !== undefined) served.count(monotonicMillis(clock) - resumedAt)
    },
    begin: (clock, millis, isRateLimit) => {
      const now = monotonicMillis(clock)
      const isFirst = until === undefined || until === resumedAt
      if (isFirst) servedMillis = isRateLimit && resumedAt !== undefined ? now - resumedAt : undefined
      until = Math.max(until ?? 0, now + Math.min(millis, maxMillis))
      Metrics.countPause()
    }
  }
}
