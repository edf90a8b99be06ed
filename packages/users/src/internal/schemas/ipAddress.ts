/** IP addresses by the rules of RFC 4291 and RFC 5952, without a port and without a zone. Not `node:net`, which workers lack. */

const isByte = (text: string): boolean => /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255

const isIpv4 = (text: string): boolean => {
  const bytes = text.split(".")
  return bytes.length === 4 && bytes.every(isByte)
}

/** How many groups of an IPv6 address a string has, or `NaN`. */
const countGroups = (text: string, isEnd: boolean): number => {
  if (text === "") return 0
  const groups = text.split(":")
  const last = groups.at(-1) ?? ""
  const hasIpv4 = isEnd && isIpv4(last)
  const isValid = (hasIpv4 ? groups.slice(0, -1) : groups).every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))
  return isValid ? groups.length + (hasIpv4 ? 1 : 0) : Number.NaN
}

/** `::` is at least one group of zeros. */
const isIpv6 = (text: string): boolean => {
  const [start = "", end, ...others] = text.split("::")
  if (end === undefined) return countGroups(start, true) === 8
  return others.length === 0 && countGroups(start, false) + countGroups(end, true) < 8
}

export const isIpAddress = (text: string): boolean => isIpv4(text) || isIpv6(text)
