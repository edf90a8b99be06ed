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

/** For so long the rate that Tink served is kept, before more is tried. */
const keepRateMillis = 10_000

/** Below the rate that Tink served, as its seconds do not begin with ours. Above one that would hold back an app with few requests. */
const rateShare = 0.95
const minPerSecond = 10

/** The most that Tink serves in a second, counted from the end of a pause. */
const makeCounter = () => {
  let second = 0
  let inSecond = 0
  let most = 0
  return {
    count: (sincePause: number): void => {
      const current = Math.floor(sincePause / 1000)
      if (current !== second) [second, inSecond] = [current, 0]
      most = Math.max(most, ++inSecond)
    },
    most: () => most
  }
}

export const makePause = (maxConcurrency: number, maxMillis: number): Pause => {
  let until: number | undefined
  let started = 0
  let served = makeCounter()
  /** The requests per second that are certain to be served. Known after a second 429, soon after a pause. */
  let perSecond: number | undefined

  const left = (clock: Clock.Clock): number => (until === undefined ? 0 : Math.max(0, until - monotonicMillis(clock)))

  const learnRate = (clock: Clock.Clock): void => {
    if (until === undefined || left(clock) > 0 || served.most() === 0) return
    perSecond = Math.max(minPerSecond, rateShare * served.most())
  }

  return {
    left,
    allowance: (clock) => {
      if (until === undefined) return Number.POSITIVE_INFINITY
      const sincePause = monotonicMillis(clock) - until
      if (sincePause < 0) return 0
      const sinceKept = perSecond === undefined ? sincePause : Math.max(0, sincePause - keepRateMillis)
      if (sinceKept >= rampEndMillis) {
        until = undefined
        perSecond = undefined
        return Number.POSITIVE_INFINITY
      }
      const kept = ((perSecond ?? 0) * sincePause) / 1000
      return Math.max(1, Math.floor(kept + maxConcurrency * (sinceKept / rampMillis) ** 2)) - started
    },
    countStart: () => {
      started += 1
    },
    countSuccess: (clock) => {
      if (until !== undefined) served.count(monotonicMillis(clock) - until)
    },
    begin: (clock, millis, isRateLimit) => {
      if (isRateLimit) learnRate(clock)
      else perSecond = undefined
      until = Math.max(until ?? 0, monotonicMillis(clock) + Math.min(millis, maxMillis))
      started = 0
      served = makeCounter()
      Metrics.countPause()
    }
  }
}
