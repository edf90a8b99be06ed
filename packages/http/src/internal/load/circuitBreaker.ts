import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import type { TinkConfig } from "../../TinkConfig.js"
import * as Metrics from "../metrics.js"
import { monotonicMillis } from "./monotonic.js"

/** What a request tells of Tink's health. Undefined if it tells nothing: it was not sent, or its caller left. */
export type Health = "healthy" | "sick" | undefined

/** A request that is let through. */
export interface Passage {
  /** Ends the request. */
  readonly end: (health: Health, clock: Clock.Clock) => void
}

/** Refuses requests for some time after failures in a row. After that one request, the probe, goes first. */
export interface CircuitBreaker {
  /** Lets a request through, or tells for how many milliseconds the circuit is open. */
  readonly enter: (clock: Clock.Clock) => Passage | number
}

export const makeCircuitBreaker = (options: TinkConfig["circuitBreaker"]): CircuitBreaker => {
  const maxFailures = options?.failures ?? Number.POSITIVE_INFINITY
  const openMillis = options === undefined ? 0 : Duration.toMillis(options.openFor)
  let failuresInRow = 0
  let openUntil: number | undefined
  let isProbing = false

  const open = (clock: Clock.Clock): void => {
    openUntil = monotonicMillis(clock) + openMillis
    Metrics.countOpenedCircuit()
  }

  const observe = (health: Health, clock: Clock.Clock, isProbe: boolean): void => {
    if (health === "healthy") {
      failuresInRow = 0
      openUntil = undefined
    }
    if (health !== "sick") return
    failuresInRow += 1
    if (isProbe || (openUntil === undefined && failuresInRow >= maxFailures)) open(clock)
  }

  const ordinary: Passage = { end: (health, clock) => observe(health, clock, false) }

  const probe: Passage = {
    end: (health, clock) => {
      isProbing = false
      observe(health, clock, true)
    }
  }

  return {
    enter: (clock) => {
      if (openUntil === undefined) return ordinary
      const millis = Math.max(0, openUntil - monotonicMillis(clock))
      if (millis > 0 || isProbing) return millis
      isProbing = true
      return probe
    }
  }
}
