/** The address of the client that sent a request, to limit what one client can do. */
import type { HttpServerRequest } from "@effect/platform"
import { Option } from "effect"
import { isIPv6 } from "node:net"

/** A client with IPv6 has a whole /64 network. */
const toNetwork = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!isIPv6(address)) return address
  const [head = "", tail] = address.split("::")
  const groups = head === "" ? [] : head.split(":")
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(":").length
  return [...groups, ...Array<string>(missing).fill("0"), ...(tail ?? "").split(":")].slice(0, 4).join(":")
}

/** Some proxies append the port of the client: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (address: string): string =>
  (/^\[(.*)\](?::\d+)?$/.exec(address) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address))?.[1] ?? address

/**
 * `proxies` is the number of our own proxies in front. Each appends the address of its client to `X-Forwarded-For`; what is before
 * these entries may be forged.
 */
export const clientAddress = ({ headers, remoteAddress }: HttpServerRequest.HttpServerRequest, proxies: number) => {
  const forwarded = (headers["x-forwarded-for"] ?? "").split(",").map((entry) => entry.trim())
  const address = proxies > 0 ? forwarded.at(-proxies) : undefined
  return toNetwork(withoutPort(address || Option.getOrElse(remoteAddress, () => "unknown")))
}
