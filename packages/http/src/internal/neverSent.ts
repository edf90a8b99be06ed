/**
 * Whether a request was certainly never sent, by the error of a client: Node, undici, fetch, Bun and Deno. What is not known
 * here may have been sent.
 */

interface Clue {
  readonly code: string
  readonly syscall: string
  readonly message: string
}

interface Rule {
  readonly test: (clue: Clue) => boolean
  readonly reason: string
}

const code = (pattern: RegExp, reason: string): Rule => ({ test: (clue) => pattern.test(clue.code), reason })

const message = (pattern: RegExp, reason: string): Rule => ({ test: (clue) => pattern.test(clue.message), reason })

const untrusted = "the server's certificate is not trusted"

const handshake = "the TLS handshake failed"

/** TLS errors that also occur after the handshake, when a request may be on the wire. */
const afterHandshake =
  /bad.record.mac|decrypt|unexpected.eof|shutdown|close.notify|renegotiat|key.update|session.attack|alert.internal.error|record.overflow|unexpected.(message|record)|user.cancel/i

/** Signs of a broken connection in use. ECONNRESET is one, unless the message names the handshake. */
const isInUse = ({ syscall }: Clue): boolean => syscall === "read" || syscall === "write"

/** They hold even for an error of `read` or `write`: a handshake reads and writes too. */
const handshakeRules: ReadonlyArray<Rule> = [
  message(/before secure TLS connection was established/, "the connection ended in the TLS handshake"),
  code(/^CERT_HAS_EXPIRED$/, "the server's certificate has expired"),
  code(/^CERT_NOT_YET_VALID$/, "the server's certificate is not yet valid"),
  code(/^(ERR_TLS_CERT_ALTNAME_\w+|HOSTNAME_MISMATCH)$/, "the server's certificate is for another host"),
  // The names of OpenSSL's X509_V_ERR codes.
  code(
    /^(CERT_|CRL_|UNABLE_TO_(GET|DECRYPT|DECODE|VERIFY)_|ERROR_IN_C|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$)/,
    untrusted
  ),
  {
    test: (clue) =>
      /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$)/.test(clue.code) && !afterHandshake.test(`${clue.code} ${clue.message}`),
    reason: handshake
  },
  // undici's ProxyAgent, agents for node:http, and Node's own proxy support.
  message(/^Proxy response \(\d+\) !== 200 when HTTP Tunneling/, "the proxy refused the connection"),
  message(/^tunneling socket could not be established/, "the proxy refused the connection"),
  code(/^(ERR_PROXY_TUNNEL|UND_ERR_PRX_TLS)$/, "the proxy refused the connection")
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
  code(/^UND_ERR_CLOSED$/, "the client is closed"),
  code(
    /^(UND_ERR_INVALID_ARG|UND_ERR_BPL_MISSING_UPSTREAM|ERR_INVALID_(URL|PROTOCOL|CHAR|HTTP_TOKEN)|ERR_UNESCAPED_CHARACTERS|ERR_HTTP_INVALID_HEADER_VALUE)$/,
    "the request could not be made"
  ),
  { test: ({ syscall }) => syscall === "connect", reason: "no connection" },
  { test: ({ syscall }) => /^(getaddrinfo|query[A-Z])/.test(syscall), reason: "host name could not be looked up" },
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

const findReason = (rules: ReadonlyArray<Rule>, clue: Clue): string | undefined =>
  rules.find((rule) => rule.test(clue))?.reason

const maxDepth = 8

/** An aggregate counts as several causes: each level of them multiplies the errors. */
const aggregateDepth = 4

/**
 * Why a request was certainly never sent, by an error or its causes. Undefined if it may have been sent. An `AggregateError`
 * holds one error for each address of a host: all must say so.
 */
export const neverSentReason = (error: unknown, depth = 0): string | undefined => {
  if (typeof error !== "object" || error === null || depth > maxDepth) return undefined
  const inner = read(error, "errors")
  if (Array.isArray(inner) && inner.length > 0) {
    const reasons = inner.slice(0, 100).map((one: unknown) => neverSentReason(one, depth + aggregateDepth))
    return reasons.includes(undefined) ? undefined : reasons[0]
  }
  const clue = {
    code: readText(error, "code"),
    syscall: readText(error, "syscall"),
    message: readText(error, "message")
  }
  return (
    findReason(handshakeRules, clue) ??
    (isInUse(clue) ? undefined : (findReason(connectRules, clue) ?? neverSentReason(read(error, "cause"), depth + 1)))
  )
}
