import * as Duration from "effect/Duration"

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

const time = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)"

/** The three forms of a date (RFC 9110, 5.6.7). */
const dateForms = [
  `[a-z]{3}, (?<day>\\d\\d) (?<month>[a-z]{3}) (?<year>\\d{4}) ${time} GMT`,
  `[a-z]{6,9}, (?<day>\\d\\d)-(?<month>[a-z]{3})-(?<year>\\d\\d) ${time} GMT`,
  `[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]?\\d) ${time} (?<year>\\d{4})`
].map((form) => new RegExp(`^(?:${form})(?=\\s*(?:,|$))`, "i"))

/** A year of two digits is the nearest that is at most 50 years ahead. */
const fullYear = (year: string, now: number): number => {
  if (year.length === 4) return Number(year)
  const thisYear = new Date(now).getUTCFullYear()
  const inCentury = thisYear - (thisYear % 100) + Number(year)
  if (inCentury > thisYear + 50) return inCentury - 100
  return inCentury <= thisYear - 50 ? inCentury + 100 : inCentury
}

const toTime = (groups: Readonly<Record<string, string>>, now: number): number => {
  const { day = "", hour = "", minute = "", month = "", second = "", year = "" } = groups
  const at = months.indexOf(month.toLowerCase())
  const isValid = at >= 0 && Number(day) >= 1 && Number(day) <= 31 && Number(hour) < 24 && Number(minute) < 60
  return isValid && Number(second) <= 60
    ? Date.UTC(fullYear(year, now), at, Number(day), Number(hour), Number(minute), Number(second))
    : Number.NaN
}

const seconds = /^(\d+(?:\.\d*)?|\.\d+)(?=\s*(?:,|$))/

interface Item {
  readonly length: number
  /** NaN for what is neither seconds nor a date. */
  readonly millis: number
}

/** The first item of a list. Dates hold commas too, so the list cannot be split first. */
const readItem = (text: string, now: number, since: number): Item => {
  const number = seconds.exec(text)
  if (number !== null) return { length: number[0].length, millis: Math.ceil(Number(number[1])) * 1000 }
  for (const form of dateForms) {
    const match = form.exec(text)
    if (match?.groups !== undefined) return { length: match[0].length, millis: toTime(match.groups, now) - since }
  }
  const comma = text.indexOf(",")
  return { length: comma === -1 ? text.length : comma, millis: Number.NaN }
}

/** A header far longer than a date is not read to its end. */
const maxLength = 1000

/**
 * Parses a `Retry-After` header (RFC 9110, 10.2.3): seconds, fractions rounded up, or a date in any of its three forms. Of
 * several, as proxies add them, the longest counts. Undefined without a valid one.
 *
 * @param now the time of this clock
 * @param date the `Date` header, the time of the server's clock: a date is meant by that clock
 */
export const parse = (header: string | undefined, now: number, date?: string): Duration.Duration | undefined => {
  const served = date === undefined ? Number.NaN : readItem(date.trim(), now, 0).millis
  const since = date !== undefined && /[a-z]/i.test(date) && !Number.isNaN(served) ? served : now
  let rest = (header ?? "").slice(0, maxLength).trim()
  let longest = Number.NaN
  while (rest !== "") {
    const { length, millis } = readItem(rest, now, since)
    if (!Number.isNaN(millis)) longest = Math.max(Number.isNaN(longest) ? 0 : longest, millis)
    rest = rest.slice(length).replace(/^[\s,]+/, "")
  }
  return Number.isNaN(longest) ? undefined : Duration.millis(Math.min(longest, Number.MAX_SAFE_INTEGER))
}
