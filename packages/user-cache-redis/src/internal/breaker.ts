const maxFailures = 3
const probeMillis = 1_000

/** After three failures in a row, only one call a second is let through, until one succeeds. */
export const makeBreaker = () => {
  let failures = 0
  let nextProbe = 0
  return {
    /** Reserves the probe, so one caller a second gets `true`. */
    tryAcquire(now: number): boolean {
      if (failures < maxFailures) return true
      if (now < nextProbe) return false
      nextProbe = now + probeMillis
      return true
    },
    succeeded(): void {
      failures = 0
    },
    failed(now: number): void {
      failures += 1
      if (failures === maxFailures) nextProbe = now + probeMillis
    }
  }
}
