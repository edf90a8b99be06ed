import { Ids } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { assert, describe, it, layer } from "@effect/vitest"
import { HttpClient, HttpClientRequest, HttpServerRequest } from "@effect/platform"
import { ConfigProvider, DateTime, Effect, Redacted } from "effect"
import type { Connection } from "./api.js"
import { clientAddress } from "./clientAddress.js"
import { connectionNotFound } from "./errors.js"
import * as Harness from "./harness.js"
import { openBrowser, SentTokens, visitTinkLink } from "./harness.js"
import { Settings } from "./settings.js"
import { tinkLinkUrl } from "./tinkLinkUrl.js"

const unknownId = Ids.CredentialsId.make("0123456789abcdef0123456789abcdef")

const isNewer = (connection: Connection | undefined, time: DateTime.Utc | undefined) =>
  connection?.updatedAt !== undefined && (time === undefined || DateTime.greaterThan(connection.updatedAt, time))

/** Every request that changes something: method and path, for a connection. */
const changes = (id: string) =>
  [
    ["POST", "/api/connections"],
    ["POST", `/api/connections/${id}/renew`],
    ["POST", `/api/connections/${id}/refresh`],
    ["DELETE", `/api/connections/${id}`],
    ["POST", `/api/sandbox/connections/${id}/expire`]
  ] as const

const send = (http: HttpClient.HttpClient, method: "GET" | "POST" | "DELETE", path: string, origin?: string) =>
  Effect.gen(function* () {
    const settings = yield* Settings
    const request = HttpClientRequest.make(method)(`${settings.origin}${path}`)
    const response = yield* http.execute(
      origin === undefined ? request : HttpClientRequest.setHeader(request, "Origin", origin)
    )
    return { status: response.status, headers: response.headers, body: yield* response.text }
  })

layer(Harness.layer({ timing: { maxRetries: 0, attemptTimeout: "1500 millis" } }), { excludeTestServices: true })(
  "the API",
  (it) => {
    // -------------------------------------------------------------------------------------------------------------------
    // The life of a connection
    // -------------------------------------------------------------------------------------------------------------------

    it.scoped("a bank is connected, refreshed, its consent renewed, and disconnected", () =>
      Effect.gen(function* () {
        const { api, followRedirect, listen } = yield* openBrowser
        const before = yield* api.connections.list()
        assert.deepStrictEqual({ ...before }, { connections: [], isKnown: false, isSandbox: true })

        const there = yield* api.connections.connect()
        const next = yield* listen
        yield* next()
        const outcome = yield* followRedirect(yield* visitTinkLink(there.url, "approve"))
        assert.strictEqual(outcome, "/#outcome=connected")
        yield* next(({ _tag }) => _tag === "settled")
        const { connections } = yield* api.connections.list()
        assert.deepStrictEqual(
          connections.map(({ bank, state }) => [bank, state]),
          [["Demo Bank (website)", "up-to-date"]]
        )
        const id = connections[0]?.id ?? unknownId

        yield* api.sandbox.expire({ path: { id } })
        const expired = yield* api.connections.list()
        assert.strictEqual(expired.connections[0]?.state, "consent-expired")

        const again = yield* api.connections.renew({ path: { id } })
        const renewed = yield* followRedirect(yield* visitTinkLink(again.url, "approve"))
        assert.strictEqual(renewed, "/#outcome=renewed")
        yield* next(({ _tag }) => _tag === "settled")
        assert.strictEqual((yield* api.connections.list()).connections[0]?.state, "up-to-date")

        yield* api.connections.disconnect({ path: { id } })
        assert.deepStrictEqual((yield* api.connections.list()).connections, [])
        const error = yield* Effect.flip(api.connections.disconnect({ path: { id } }))
        assert.strictEqual(error._tag, "NotFound")
        assert.strictEqual(error.message, connectionNotFound.message)
      })
    )

    for (const [choice, outcome] of [
      ["cancel", "cancelled"],
      ["error", "bank-problem"],
      ["login", "login-failed"]
    ] as const) {
      it.scoped(`a visit to Tink Link that ends with "${choice}" is reported as such`, () =>
        Effect.gen(function* () {
          const { api, followRedirect } = yield* openBrowser
          const { url } = yield* api.connections.connect()
          const location = yield* followRedirect(yield* visitTinkLink(url, choice))
          const said = new URLSearchParams(location.replace("/#", ""))
          assert.strictEqual(said.get("outcome"), outcome)
          assert.match(said.get("reference") ?? "", /^[0-9a-f-]{36}$/)
        })
      )
    }

    it.scoped("a session and a Tink user begin only when a bank is connected", () =>
      Effect.gen(function* () {
        const { api, http } = yield* openBrowser
        const sandbox = yield* TinkSandbox.TinkSandbox
        const before = (yield* sandbox.requests).length
        yield* api.connections.list()
        const { headers } = yield* send(http, "GET", "/")
        assert.isUndefined(headers["set-cookie"])
        yield* Effect.flip(api.connections.refresh({ path: { id: unknownId } }))
        assert.strictEqual((yield* sandbox.requests).length, before)
      })
    )

    it.scoped("a user whom Tink has deleted can connect a bank again", () =>
      Effect.gen(function* () {
        const sandbox = yield* TinkSandbox.TinkSandbox
        const [connecting, looking] = [yield* openBrowser, yield* openBrowser]
        yield* connecting.connectBank
        const { id } = yield* looking.connectBank
        // This drops what is cached of the user.
        yield* looking.api.connections.disconnect({ path: { id } })
        yield* sandbox.reset
        assert.deepStrictEqual((yield* looking.api.connections.list()).connections, [])
        yield* connecting.connectBank
        assert.strictEqual((yield* connecting.api.connections.list()).connections.length, 1)
      })
    )

    // -------------------------------------------------------------------------------------------------------------------
    // Events
    // -------------------------------------------------------------------------------------------------------------------

    it.scoped("events tell each state of a connection, and when it has settled", () =>
      Effect.gen(function* () {
        const { api, beginSession, connectBank, listen } = yield* openBrowser
        yield* beginSession
        const next = yield* listen
        const first = yield* next()
        assert.deepStrictEqual(first._tag === "overview" && first.data.connections, [])

        const { id } = yield* connectBank
        const settled = yield* next(({ _tag }) => _tag === "settled")
        assert.deepStrictEqual(settled.data, { id })

        yield* api.connections.refresh({ path: { id } })
        const states: Array<string> = []
        yield* next((event) => {
          if (event._tag === "connection") states.push(event.data.state)
          if (event._tag === "overview") states.push(...event.data.connections.map(({ state }) => state))
          return event._tag === "settled"
        })
        assert.deepStrictEqual([...new Set(states)], ["updating", "up-to-date"])

        yield* api.sandbox.expire({ path: { id } })
        const expired = yield* next()
        assert.strictEqual(expired._tag === "overview" && expired.data.connections[0]?.state, "consent-expired")

        yield* api.connections.disconnect({ path: { id } })
        const gone = yield* next()
        assert.deepStrictEqual(gone._tag === "overview" && gone.data.connections, [])
      })
    )

    it.scoped("every page of a browser gets its events, and no other browser does", () =>
      Effect.gen(function* () {
        const one = yield* openBrowser
        const other = yield* openBrowser
        yield* Effect.all([one.beginSession, other.beginSession])
        const [first, second, foreign] = yield* Effect.all([one.listen, one.listen, other.listen])
        yield* Effect.all([first(), second(), foreign()])
        const { id } = yield* one.connectBank
        for (const next of [first, second]) yield* next(({ _tag }) => _tag === "settled")
        const { id: otherId } = yield* other.connectBank
        const all = yield* foreign((event) => {
          assert.notInclude(JSON.stringify(event), id)
          return event._tag === "settled"
        })
        assert.deepStrictEqual(all.data, { id: otherId })
      })
    )

    it.scoped("one cookie has a limited number of event streams, and other browsers are not affected", () =>
      Effect.gen(function* () {
        const { beginSession, http } = yield* openBrowser
        const { limits, origin } = yield* Settings
        yield* beginSession
        // The responses are kept: one that is not referenced any more is collected, and its connection closed.
        const responses = yield* Effect.replicateEffect(
          http.get(`${origin}/api/events`),
          limits.eventStreamsPerSession + 5,
          { concurrency: 8 }
        )
        const refused = responses.filter(({ status }) => status === 429)
        assert.strictEqual(refused.length, 5)
        assert.strictEqual(refused[0]?.headers["retry-after"], "30")
        const other = yield* openBrowser
        yield* other.connectBank
        yield* other.listen
      })
    )

    it.scoped("events tell of a problem with Tink", () =>
      Effect.gen(function* () {
        const { api, connectBank, listen } = yield* openBrowser
        const { id } = yield* connectBank
        const next = yield* listen
        yield* next(({ _tag }) => _tag === "settled")
        const sandbox = yield* TinkSandbox.TinkSandbox
        yield* sandbox.injectFault({ kind: "status", status: 503, path: "/api/v1/credentials/list" })
        // Makes the server read the list again.
        yield* api.sandbox.expire({ path: { id } })
        const problem = yield* next()
        assert.strictEqual(problem._tag === "problem" && problem.data._tag, "BadGateway")
      })
    )

    it.scoped("the response is a stream of events that is not cached", () =>
      Effect.gen(function* () {
        const { beginSession, http } = yield* openBrowser
        const { origin } = yield* Settings
        yield* beginSession
        const { headers } = yield* http.get(`${origin}/api/events`)
        assert.strictEqual(headers["content-type"], "text/event-stream")
        assert.strictEqual(headers["cache-control"], "no-store")
      })
    )

    // -------------------------------------------------------------------------------------------------------------------
    // Access
    // -------------------------------------------------------------------------------------------------------------------

    it.scoped("without a session, every request for a connection is refused", () =>
      Effect.gen(function* () {
        const { origin } = yield* Settings
        const http = yield* HttpClient.HttpClient
        assert.strictEqual((yield* send(http, "GET", "/api/events")).status, 401)
        const [, ...ofConnection] = changes(unknownId)
        for (const [method, path] of ofConnection) {
          const { body, status } = yield* send(http, method, path, origin)
          assert.strictEqual(status, 401, path)
          assert.include(body, "SessionEnded")
        }
      })
    )

    it.scoped("one user cannot see or touch another's connections", () =>
      Effect.gen(function* () {
        const { origin } = yield* Settings
        const owner = yield* openBrowser
        const { id } = yield* owner.connectBank
        const stranger = yield* openBrowser
        // The stranger is a user of Tink too.
        yield* stranger.connectBank
        const [, ...ofConnection] = changes(id)
        for (const [method, path] of ofConnection) {
          const { body, status } = yield* send(stranger.http, method, path, origin)
          assert.strictEqual(status, 404, path)
          assert.include(body, "This bank is no longer connected.")
        }
        const seen = (yield* stranger.api.connections.list()).connections.map((connection) => connection.id)
        assert.notInclude(seen, id)
        assert.strictEqual((yield* owner.api.connections.list()).connections.length, 1)
      })
    )

    it.scoped("changes must come from our own page", () =>
      Effect.gen(function* () {
        const { connectBank, http } = yield* openBrowser
        const { id } = yield* connectBank
        const { origin } = yield* Settings
        for (const [method, path] of changes(id)) {
          for (const foreign of [undefined, "https://evil.example", "null", `${origin}.evil.example`]) {
            const { body, status } = yield* send(http, method, path, foreign)
            assert.strictEqual(status, 403, `${path} from ${foreign}`)
            assert.include(body, "ForeignOrigin")
          }
        }
      })
    )

    it.scoped("a malformed id is refused", () =>
      Effect.gen(function* () {
        const { beginSession, http } = yield* openBrowser
        const { origin } = yield* Settings
        yield* beginSession
        for (const id of ["..%2F..%2Foauth", "%00", "a%20b"]) {
          for (const [method, path] of changes(id).slice(1)) {
            assert.strictEqual((yield* send(http, method, path, origin)).status, 400, path)
          }
        }
      })
    )

    // -------------------------------------------------------------------------------------------------------------------
    // Redirects from Tink Link
    // -------------------------------------------------------------------------------------------------------------------

    it.scoped("a redirect is accepted once", () =>
      Effect.gen(function* () {
        const { api, followRedirect } = yield* openBrowser
        const { url } = yield* api.connections.connect()
        const location = yield* visitTinkLink(url, "approve")
        assert.strictEqual(yield* followRedirect(location), "/#outcome=connected")
        assert.strictEqual(yield* followRedirect(location), "/#outcome=refused")
      })
    )

    it.scoped("a redirect in another browser, or in one without a session, is refused", () =>
      Effect.gen(function* () {
        const owner = yield* openBrowser
        const stranger = yield* openBrowser
        const { url } = yield* owner.api.connections.connect()
        const location = yield* visitTinkLink(url, "approve")
        assert.strictEqual(yield* stranger.followRedirect(location), "/#outcome=refused")
        const http = yield* HttpClient.HttpClient
        assert.strictEqual((yield* http.get(location)).headers["location"], "/#outcome=refused")
        // The owner can still return.
        assert.strictEqual(yield* owner.followRedirect(location), "/#outcome=connected")
      })
    )

    it.scoped("a redirect with a changed, missing or repeated state is refused", () =>
      Effect.gen(function* () {
        const { api, followRedirect } = yield* openBrowser
        const change = (edit: (parameters: URLSearchParams) => void) =>
          Effect.gen(function* () {
            const { url } = yield* api.connections.connect()
            const location = new URL(yield* visitTinkLink(url, "approve"))
            edit(location.searchParams)
            return yield* followRedirect(location.toString())
          })
        assert.strictEqual(yield* change((all) => all.set("state", "another")), "/#outcome=refused")
        assert.strictEqual(yield* change((all) => all.delete("state")), "/#outcome=refused")
        assert.strictEqual(yield* change((all) => all.append("state", "another")), "/#outcome=refused")
      })
    )

    it.scoped("a redirect with a credential of another user is refused", () =>
      Effect.gen(function* () {
        const owner = yield* openBrowser
        const { id } = yield* owner.connectBank
        const { api, followRedirect } = yield* openBrowser
        const { url } = yield* api.connections.connect()
        const location = new URL(yield* visitTinkLink(url, "approve"))
        location.searchParams.set("credentials_id", id)
        assert.strictEqual(yield* followRedirect(location.toString()), "/#outcome=refused")
      })
    )

    // -------------------------------------------------------------------------------------------------------------------
    // Failures
    // -------------------------------------------------------------------------------------------------------------------

    const path = "/api/v1/credentials/{id}/refresh"
    // Retry-After holds back the requests of the next test too, so it is short.
    const failures: ReadonlyArray<readonly [name: string, fault: TinkSandbox.Fault, status: number, tag: string]> = [
      ["Invalid", { kind: "status", status: 400, path }, 400, "Invalid"],
      ["Unauthorized", { kind: "status", status: 401, path, times: 2 }, 502, "BadGateway"],
      ["Forbidden", { kind: "status", status: 403, path }, 502, "BadGateway"],
      ["NotFound", { kind: "status", status: 404, path }, 404, "NotFound"],
      ["Conflict", { kind: "status", status: 409, path }, 409, "Conflict"],
      ["RateLimited", { kind: "status", status: 429, retryAfter: "2", path }, 429, "TooManyRequests"],
      ["Server", { kind: "status", status: 500, path }, 502, "BadGateway"],
      ["Timeout", { kind: "delay", milliseconds: 5000, path }, 504, "GatewayTimeout"],
      ["Transport", { kind: "drop-before", path }, 503, "Unavailable"]
    ]

    for (const [name, fault, status, tag] of failures) {
      it.scoped(`${name} of Tink is a ${status} with a message for the user`, () =>
        Effect.gen(function* () {
          const { connectBank, http } = yield* openBrowser
          const { origin } = yield* Settings
          const { id } = yield* connectBank
          const sandbox = yield* TinkSandbox.TinkSandbox
          yield* sandbox.injectFault({ ...fault, path: `/api/v1/credentials/${id}/refresh` })
          const response = yield* send(http, "POST", `/api/connections/${id}/refresh`, origin)
          assert.strictEqual(response.status, status)
          const body = JSON.parse(response.body)
          assert.strictEqual(body._tag, tag)
          assert.match(body.message, /^[A-Z].*\.$/)
          assert.isString(body.reference)
          assert.strictEqual(response.headers["retry-after"], status === 429 ? "2" : undefined)
          assert.strictEqual(body.mayHaveBeenDone, ["Server", "Timeout", "Transport"].includes(name))
          const known = ["_tag", "mayHaveBeenDone", "message", "reference", "retryAfterSeconds"]
          assert.deepStrictEqual(
            Object.keys(body).filter((key) => !known.includes(key)),
            []
          )
        })
      )
    }

    it.scoped("Decode of Tink is a 502", () =>
      Effect.gen(function* () {
        const { api, connectBank } = yield* openBrowser
        yield* connectBank
        const sandbox = yield* TinkSandbox.TinkSandbox
        yield* sandbox.injectFault({ kind: "garbage", path: "/api/v1/oauth/authorization-grant/delegate" })
        assert.strictEqual((yield* Effect.flip(api.connections.connect()))._tag, "BadGateway")
      })
    )

    it.scoped("an unknown path or method is a 404", () =>
      Effect.gen(function* () {
        const { http } = yield* openBrowser
        const { origin } = yield* Settings
        assert.strictEqual((yield* send(http, "GET", "/nowhere")).status, 404)
        assert.strictEqual((yield* send(http, "DELETE", "/api/connections", origin)).status, 404)
      })
    )

    // -------------------------------------------------------------------------------------------------------------------
    // Responses
    // -------------------------------------------------------------------------------------------------------------------

    it.scoped("the page sets a cookie that scripts and other sites cannot use, and strict headers", () =>
      Effect.gen(function* () {
        const { beginSession, http } = yield* openBrowser
        const { origin } = yield* Settings
        const begun = yield* send(yield* HttpClient.HttpClient, "POST", "/api/connections", origin)
        yield* beginSession
        const { body, headers, status } = yield* send(http, "GET", "/")
        assert.strictEqual(status, 200)
        for (const cookie of [begun.headers["set-cookie"], headers["set-cookie"]]) {
          assert.match(cookie ?? "", /^session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/)
        }
        assert.notMatch(body, /<script(?![^>]* src=)|<style|style=|onclick/)
        for (const path of ["/", "/app.js", "/nowhere", "/api/connections", "/callback"]) {
          const { headers } = yield* send(http, "GET", path)
          assert.include(headers["content-security-policy"], "script-src 'self'; style-src 'self'", path)
          assert.strictEqual(headers["x-content-type-options"], "nosniff")
          assert.strictEqual(headers["referrer-policy"], "same-origin")
          assert.strictEqual(headers["cache-control"], path === "/app.js" ? "no-cache" : "no-store")
        }
      })
    )

    it.scoped("browsers cache the files of the page until they change", () =>
      Effect.gen(function* () {
        const http = yield* HttpClient.HttpClient
        const { origin } = yield* Settings
        const { headers } = yield* send(http, "GET", "/style.css")
        const again = yield* http.get(`${origin}/style.css`, { headers: { "If-None-Match": headers["etag"] ?? "" } })
        assert.strictEqual(again.status, 304)
      })
    )

    it.scoped("/docs shows the API", () =>
      Effect.gen(function* () {
        const { body, headers, status } = yield* send(yield* HttpClient.HttpClient, "GET", "/docs")
        assert.strictEqual(status, 200)
        assert.include(body, "Begin to renew the consent for a bank")
        assert.include(headers["content-security-policy"], "frame-ancestors 'none'")
      })
    )

    it.scoped("no token or secret reaches the browser, and no code except in the link", () =>
      Effect.gen(function* () {
        const sandbox = yield* TinkSandbox.TinkSandbox
        const { api, followRedirect, connectBank, http } = yield* openBrowser
        const { id } = yield* connectBank
        const { url } = yield* api.connections.renew({ path: { id } })
        const code = new URL(Redacted.value(url)).searchParams.get("authorization_code") ?? ""
        assert.isNotEmpty(code)
        const received = [
          yield* send(http, "GET", "/"),
          yield* send(http, "GET", "/api/connections"),
          yield* send(http, "POST", "/api/connections", "https://evil.example"),
          yield* followRedirect(yield* visitTinkLink(url, "error"))
        ]
        const tokens = yield* SentTokens
        assert.isAtLeast(tokens.size, 2)
        for (const secret of [code, Redacted.value(sandbox.clientSecret), ...tokens]) {
          assert.notInclude(JSON.stringify(received), secret)
        }
        assert.strictEqual(`${url}`, "<redacted>")
      })
    )
  }
)

// Another sandbox: `reset` above also deletes the endpoints of webhooks.
layer(Harness.layer({}), { excludeTestServices: true })("webhooks", (it) => {
  it.scoped("a refresh that Tink has started is shown at its webhook, without polls", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { api, beginSession, connectBank, listen } = yield* openBrowser
      yield* beginSession
      const next = yield* listen
      yield* next()
      const { id } = yield* connectBank
      yield* next(({ _tag }) => _tag === "settled")
      yield* sandbox.deliveriesSettled
      const updatedAt = (yield* api.connections.list()).connections[0]?.updatedAt
      const before = (yield* sandbox.requests).length
      yield* sandbox.refreshInBackground(id)
      const event = yield* next(({ _tag, data }) => _tag === "overview" && isNewer(data.connections[0], updatedAt))
      assert.strictEqual(event._tag, "overview")
      assert.isAtMost((yield* sandbox.requests).length - before, 3)
    })
  )

  it.scoped("a bank that is up to date when its customer comes back has settled, without polls", () =>
    Effect.gen(function* () {
      const sandbox = yield* TinkSandbox.TinkSandbox
      const { api, followRedirect, listen } = yield* openBrowser
      const { url } = yield* api.connections.connect()
      const next = yield* listen
      const location = yield* visitTinkLink(url, "approve")
      // Its webhook says so.
      yield* next(({ _tag, data }) => _tag === "overview" && data.connections[0]?.state === "up-to-date")
      const before = (yield* sandbox.requests).length
      yield* followRedirect(location)
      yield* next(({ _tag }) => _tag === "settled")
      assert.isAtMost((yield* sandbox.requests).length - before, 3)
    })
  )
})

layer(Harness.layer({ limits: { registrationsPerAddress: 3 } }), { excludeTestServices: true })("limits", (it) => {
  it.scoped("one address cannot create users without limit, and known browsers are not affected", () =>
    Effect.gen(function* () {
      const { origin } = yield* Settings
      const sandbox = yield* TinkSandbox.TinkSandbox
      const known = yield* openBrowser
      yield* known.connectBank
      const anonymous = yield* HttpClient.HttpClient
      // Without proxies of our own, X-Forwarded-For is what the client makes up.
      const begin = (n: number) =>
        send(
          HttpClient.mapRequest(anonymous, HttpClientRequest.setHeader("X-Forwarded-For", `192.0.2.${n}`)),
          "POST",
          "/api/connections",
          origin
        )
      const answers = yield* Effect.all(
        Array.from({ length: 20 }, (_, n) => begin(n)),
        { concurrency: 10 }
      )
      const refused = answers.filter(({ status }) => status === 429)
      assert.strictEqual(refused.length, 18)
      assert.match(refused[0]?.headers["retry-after"] ?? "", /^\d+$/)
      const created = (yield* sandbox.requests).filter(({ path }) => path === "/api/v1/user/create")
      assert.strictEqual(created.length, 3)
      yield* known.connectBank
    })
  )
})

describe("the address of a client", () => {
  const rows = [
    ["without proxies, what it says of itself is ignored", 0, "192.0.2.1", "198.51.100.7"],
    ["without a header, that of the connection", 1, undefined, "198.51.100.7"],
    ["one proxy: the last entry", 1, "192.0.2.66, 192.0.2.1", "192.0.2.1"],
    ["two proxies: the last entry but one", 2, "192.0.2.66, 192.0.2.1,10.0.0.1", "192.0.2.1"],
    ["fewer entries than proxies: that of the connection", 2, "192.0.2.66", "198.51.100.7"],
    ["an empty entry: that of the connection", 1, "192.0.2.66,", "198.51.100.7"],
    ["a port is not part of it", 1, "192.0.2.1:4711", "192.0.2.1"],
    ["of IPv6, the network of 64 bits", 1, "2001:db8:1:2:3::9", "2001:db8:1:2"],
    ["of IPv6 with a port, too", 1, "[2001:db8::9]:4711", "2001:db8:0:0"],
    ["IPv4 in IPv6 is IPv4", 1, "::ffff:192.0.2.1", "192.0.2.1"]
  ] as const
  for (const [name, proxies, forwarded, expected] of rows) {
    it(name, () => {
      const headers = new Headers(forwarded === undefined ? {} : { "X-Forwarded-For": forwarded })
      const request = HttpServerRequest.fromWeb(new Request("http://localhost/", { headers }))
      const received = request.modify({ remoteAddress: "198.51.100.7" })
      assert.strictEqual(clientAddress(received, proxies), expected)
    })
  }
})

describe("Tink Link", () => {
  const rows = [
    ["https://api.tink.com", undefined, "https://link.tink.com"],
    ["https://api.us.tink.com", undefined, "https://link.tink.com"],
    // A sandbox never sends a user to the real Tink Link.
    ["http://127.0.0.1:4010", undefined, "http://127.0.0.1:4010"],
    ["https://api.tink.com.example", undefined, "https://api.tink.com.example"],
    ["https://nottink.com", undefined, "https://nottink.com"],
    ["http://sandbox:4010", "http://localhost:4010", "http://localhost:4010"]
  ] as const
  for (const [apiUrl, configured, expected] of rows) {
    const variables = new Map(configured === undefined ? [] : [["TINK_LINK_URL", configured]])
    it.effect(`of ${apiUrl}${configured === undefined ? "" : ` with ${configured}`} is ${expected}`, () =>
      Effect.map(tinkLinkUrl(apiUrl), (url) => assert.strictEqual(url, expected)).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(variables))
      )
    )
  }

  it.effect("is not where a malformed or insecure TINK_LINK_URL says", () =>
    Effect.gen(function* () {
      for (const url of ["", "link.example", "http://link.example", "https://user:pass@link.example"]) {
        const error = yield* Effect.flip(tinkLinkUrl("https://api.tink.com")).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["TINK_LINK_URL", url]])))
        )
        assert.include(String(error), "TINK_LINK_URL")
      }
    })
  )
})
