import * as Duration from "effect/Duration"

// Date.parse alone accepts too much: "-1" is a day in 2001.
const httpDate = /^[A-Z][a-z]{2,8}, .+ GMT$/

/** Parses a `Retry-After` header: seconds or a date. Undefined for anything else. */
export const parse = (header: string | undefined, now: number): Duration.Duration | undefined => {
  const text = header?.trim() ?? ""
  if (/^\d+$/.test(text)) return Duration.millis(Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER))
  const date = httpDate.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Duration.millis(Math.max(0, date - now))
}
