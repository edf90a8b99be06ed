/**
 * Whether a request was certainly never sent, by the error of a client: Node, undici, fetch, Bun and Deno. What is not known
 * here may have been sent.
 */

import { readOr } from "../InputRules.js"

interface Clue {
  readonly code: string
  readonly syscall: string
  readonly message: string
  /** How many bytes undici wrote to the connection, including earlier requests. */
  readonly bytesWritten: unknown
}

/** Why a request was never sent. */
export interface NeverSent {
  readonly reason: string
  /** Trying again cannot help. */
  readonly isPermanent?: boolean
}

interface Rule extends NeverSent {
  readonly test: (clue: Clue) => boolean
}

const code = (pattern: RegExp, reason: string): Rule => ({ test: (clue) => pattern.test(clue.code), reason })

const message = (pattern: RegExp, reason: string): Rule => ({ test: (clue) => pattern.test(clue.message), reason })

const permanent = (rule: Rule): Rule => ({ ...rule, isPermanent: true })

const untrusted = "the server's certificate is not trusted"

const handshake = "the TLS handshake failed"

const proxyRefused = "the proxy refused the connection"

/** TLS errors that also occur after the handshake, when a request may be on the wire. */
const afterHandshake =
  /bad.record.mac|decrypt|unexpected.eof|shutdown|close.notify|renegotiat|key.update|session.attack|alert.internal.error|record.overflow|unexpected.(message|record)|user.cancel|bad.length|data.length|bad.write.retry|decompression|decode.error|illegal.parameter/i

/** Signs of a broken connection in use. ECONNRESET is one, unless the message names the handshake. */
const isInUse = ({ syscall }: Clue): boolean => syscall === "read" || syscall === "write"

/** They hold even for an error of `read` or `write`: a handshake reads and writes too. */
const handshakeRules: ReadonlyArray<Rule> = [
  message(/before secure TLS connection was established/, "the connection ended in the TLS handshake"),
  permanent(code(/^CERT_HAS_EXPIRED$/, "the server's certificate has expired")),
  code(/^CERT_NOT_YET_VALID$/, "the server's certificate is not yet valid"),
  permanent(code(/^(ERR_TLS_CERT_ALTNAME_\w+|HOSTNAME_MISMATCH)$/, "the server's certificate is for another host")),
  // The names of OpenSSL's X509_V_ERR codes.
  permanent(
    code(
      /^(CERT_|CRL_|UNABLE_TO_(GET|DECRYPT|DECODE|VERIFY)_|ERROR_IN_C|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$)/,
      untrusted
    )
  ),
  // With TLS 1.3 this comes after the request was written, but a server does not read it before the handshake has succeeded.
  permanent({
    test: (clue) =>
      /^(ERR_SSL_|EPROTO$)/.test(clue.code) &&
      /alert.(bad.certificate|certificate.(required|expired|revoked|unknown)|unknown.ca|unsupported.certificate)/i.test(
        `${clue.code} ${clue.message}`
      ),
    reason: "the server refused the client's certificate"
  }),
  {
    test: (clue) =>
      /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$)/.test(clue.code) && !afterHandshake.test(`${clue.code} ${clue.message}`),
    reason: handshake
  },
  // undici's ProxyAgent, agents for node:http, and Node's own proxy support.
  message(/^Proxy response \(\d+\) !== 200 when HTTP Tunneling/, proxyRefused),
  message(/^(tunneling socket could not be established|Bad response: \d{3}$)/, proxyRefused),
  message(/^(Socks\d?a? ?proxy|Proxy connection (ended before receiving CONNECT|timed out))/i, proxyRefused),
  code(/^(ERR_PROXY_TUNNEL|UND_ERR_PRX_TLS)$/, proxyRefused),
  {
    test: ({ bytesWritten }) => bytesWritten === 0,
    reason: "the connection ended before the request was sent"
  }
]

const connectRules: ReadonlyArray<Rule> = [
  code(/^(ECONNREFUSED|ConnectionRefused)$/, "connection refused"),
  code(/^(ENOTFOUND|EAI_NONAME|EAI_NODATA|ENODATA)$/, "host not found"),
  code(/^(EAI_\w+|DNS_\w+)$/, "host name could not be looked up"),
  code(/^(ENETUNREACH|ENETDOWN)$/, "network unreachable"),
  code(/^(EHOSTUNREACH|EHOSTDOWN)$/, "host unreachable"),
  code(/^(EADDRNOTAVAIL|EADDRINUSE|EAFNOSUPPORT)$/, "no local address for a connection"),
  code(/^(EMFILE|ENFILE|ENOBUFS)$/, "no socket for a connection"),
  code(/^(UND_ERR_CONNECT_TIMEOUT|ERR_SOCKET_CONNECTION_TIMEOUT)$/, "no connection in time"),
  code(/^FailedToOpenSocket$/, "no connection"),
  // undici after `close`. After `destroy` a request may be in flight: UND_ERR_DESTROYED tells nothing.
  permanent(code(/^UND_ERR_CLOSED$/, "the client is closed")),
  permanent(
    code(
      /^(UND_ERR_(INVALID_ARG|NOT_SUPPORTED|BPL_MISSING_UPSTREAM)|ERR_INVALID_(URL|PROTOCOL|CHAR|HTTP_TOKEN)|ERR_UNESCAPED_CHARACTERS|ERR_HTTP_INVALID_HEADER_VALUE)$/,
      "the request could not be made"
    )
  ),
  permanent(message(/^(Failed to parse URL|Invalid URL\b|fetch\(\) URL is invalid)/, "the request could not be made")),
  { test: ({ syscall }) => syscall === "connect", reason: "no connection" },
  { test: ({ syscall }) => /^(getaddrinfo|query[A-Z])/.test(syscall), reason: "host name could not be looked up" },
  permanent(message(/invalid peer certificate: (?!NotValidYet)/, untrusted)),
  // Deno: the phase of the connection is only in the message. It covers names, TCP, TLS and proxies.
  message(/client error \(Connect\)|error trying to connect:/, "no connection")
]

const read = (error: object, name: string): unknown => {
  try {
    return Reflect.get(error, name)
  } catch {
    return undefined
  }
}

const readText = (error: object, name: string): string => {
  const value = read(error, name)
  return typeof value === "string" ? value.slice(0, 1000) : ""
}

const findRule = (rules: ReadonlyArray<Rule>, clue: Clue): NeverSent | undefined => {
  const rule = rules.find((rule) => rule.test(clue))
  return rule && { reason: rule.reason, isPermanent: rule.isPermanent === true }
}

const maxDepth = 8

/** An aggregate counts as several causes: each level of them multiplies the errors. */
const aggregateDepth = 4

const maxErrors = 100

const findInAll = (errors: ReadonlyArray<unknown>, depth: number): NeverSent | undefined => {
  if (errors.length > maxErrors) return undefined
  const found = errors.map((error) => find(error, depth + aggregateDepth))
  // If one of them can be helped, trying again may help.
  return found.includes(undefined) ? undefined : (found.find((one) => one?.isPermanent !== true) ?? found[0])
}

const find = (error: unknown, depth: number): NeverSent | undefined => {
  if (typeof error !== "object" || error === null || depth > maxDepth) return undefined
  const errors: unknown = Reflect.get(error, "errors")
  if (Array.isArray(errors) && errors.length > 0) return findInAll(errors, depth)
  const socket = read(error, "socket")
  const clue = {
    code: readText(error, "code"),
    syscall: readText(error, "syscall"),
    message: readText(error, "message"),
    bytesWritten: typeof socket === "object" && socket !== null ? read(socket, "bytesWritten") : undefined
  }
  return (
    findRule(handshakeRules, clue) ??
    (isInUse(clue) ? undefined : (findRule(connectRules, clue) ?? find(read(error, "cause"), depth + 1)))
  )
}

/**
 * Why a request was certainly never sent, by an error or its causes. Undefined if it may have been sent, or if that cannot be
 * read. An `AggregateError` holds one error for each address of a host: all must say so.
 */
export const findNeverSent = (error: unknown): NeverSent | undefined => readOr(() => find(error, 0), undefined)
