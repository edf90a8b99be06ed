/**
 * Requests that a web page of another site makes in a developer's browser. In process there are none, and no `Host`.
 */
import type { Incoming } from "./incoming.js"

const hostnameOf = (host: string): string | undefined =>
  URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : undefined

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  hostname === "[::1]" ||
  /^127(\.\d{1,3}){3}$/.test(hostname)

// It listens on every address, so the names that lead to it are not known.
const isAnyAddress = (listening: string): boolean => listening === "0.0.0.0" || listening === "::"

/** A name of this machine only: another one may be a web page's own, which leads to this machine now. */
const isOwn = (host: string, listening: string): boolean => {
  const hostname = hostnameOf(host)
  if (hostname === undefined) return false
  return (
    isAnyAddress(listening) ||
    isLoopback(hostname) ||
    hostname === hostnameOf(listening) ||
    hostname === `[${listening}]`
  )
}

/** Whether a request comes from a page of another origin, or was sent to a host that is not the sandbox's. */
export const isForeign = ({ headers }: Incoming, listening: string): boolean => {
  const { host, origin } = headers
  if (host === undefined) return false
  return (
    !isOwn(host, listening) || (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
  )
}
