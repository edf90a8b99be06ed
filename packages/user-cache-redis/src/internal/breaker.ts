const maxFailures = 3
const probeMillis = 1_000

/** After three failures in a row, only one call a second is let through, until one succeeds. */
export const makeBreaker = () => {
  let failures = 0
  let nextProbe = 0
  const isOpen = (now: number) => failures >= maxFailures && now < nextProbe
  return {
    /** Whether a call would be refused now. */
    isOpen,
    /** Reserves the probe, so one caller a second gets `true`. */
    tryAcquire(now: number): boolean {
      if (isOpen(now)) return false
      nextProbe = now + probeMillis
      return true
    },
    /** Returns whether it was open. */
    succeeded(): boolean {
      const wasOpen = failures >= maxFailures
      failures = 0
      return wasOpen
    },
    /** Returns whether it has opened. */
    failed(now: number): boolean {
      failures += 1
      if (failures !== maxFailures) return false
      nextProbe = now + probeMillis
      return true
    }
  }
}

export type Breaker = ReturnType<typeof makeBreaker>
