const maxFailures = 3
const probeMillis = 1_000

/**
 * After three failures in a row, only one call a second is let through, until one succeeds. Until then it does not ask for
 * the time.
 */
export const makeBreaker = (now: () => number) => {
  let failures = 0
  let nextProbe = 0
  const isOpen = () => failures >= maxFailures && now() < nextProbe
  return {
    /** Whether a call would be refused now. */
    isOpen,
    /** Reserves the probe, so one caller a second gets `true`. */
    tryAcquire(): boolean {
      if (isOpen()) return false
      if (failures >= maxFailures) nextProbe = now() + probeMillis
      return true
    },
    /** Returns whether it was open. */
    succeeded(): boolean {
      const wasOpen = failures >= maxFailures
      failures = 0
      return wasOpen
    },
    /** Returns whether it has opened. */
    failed(): boolean {
      failures += 1
      if (failures !== maxFailures) return false
      nextProbe = now() + probeMillis
      return true
    }
  }
}

export type Breaker = ReturnType<typeof makeBreaker>
