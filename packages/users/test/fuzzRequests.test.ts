import { assert, describe } from "@effect/vitest"
import type * as Ids from "@effect-tink/http/Ids"
import { clientScopes, type UserScope, userScopes } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import { TinkLink, UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { allScopes } from "./helpers.js"
import type { Sent } from "../../../test/support/scriptedTink.js"
import {
  connect,
  CREATE,
  forAll,
  good,
  GRANT,
  id,
  isFailure,
  outcome,
  sendable,
  session,
  TOKEN,
  userId
} from "./fuzz.js"

const path = FastCheck.oneof(
  FastCheck.constantFrom(
    "..",
    "../..",
    ".",
    "a/../../user",
    "%2e%2e",
    "..%2f",
    "a\\b",
    "?a=b",
    "a#b",
    "//evil.invalid",
    "https://evil.invalid",
    "@evil.invalid",
    "a;b",
    "%00",
    "\n",
    "ａ",
    "{id}",
    "$&",
    "$1",
    ""
  ),
  FastCheck.string({ unit: "binary", maxLength: 8 }),
  FastCheck.stringMatching(/^[A-Za-z0-9_-]{1,128}$/),
  FastCheck.stringMatching(/^[A-Za-z0-9_./%?#@:\\-]{1,20}$/)
)

const isId = (value: string): boolean => value.length <= 128 && /^[A-Za-z0-9_-]+$/.test(value)

const isSentence = (value: string): boolean => value !== "" && !/[\p{Cc}\p{Cs}]/u.test(value)

const lines = (sent: ReadonlyArray<Sent>): ReadonlyArray<string> => sent.map(({ method, url }) => `${method} ${url}`)

/** Either these requests were sent and nothing else, or none and the input was not valid. */
const wentTo = (
  sent: Array<Sent>,
  result: Either.Either<unknown, TinkError>,
  isValid: boolean,
  expected: ReadonlyArray<string>
) => {
  if (!isValid) {
    isFailure(result, "Invalid", false)
    assert.isUndefined(Either.getOrThrow(Either.flip(result)).status)
  } else if (Either.isLeft(result)) assert.fail(result.left.message)
  assert.deepStrictEqual(lines(sent), isValid ? expected : [])
  return sent.splice(0)
}

const formOf = (sent: Sent | undefined) => [...new URLSearchParams(sent?.body ?? "")]

const hosts = [
  "api.tink.com",
  "API.tink.com",
  "localhost",
  "127.0.0.1",
  "127.1",
  "[::1]",
  "evil.invalid",
  "localhost.evil.invalid",
  "127.0.0.1.evil.invalid",
  "api.tink.com\\@evil.invalid",
  "api%2etink.com",
  "ａpi.tink.com",
  " api.tink.com",
  ""
]

const mostlyNone = (...parts: ReadonlyArray<string>) =>
  FastCheck.oneof(
    { weight: 2, arbitrary: FastCheck.constant("") },
    { weight: 1, arbitrary: FastCheck.constantFrom(...parts) }
  )

describe("a request goes to its own path and to no other, for any", () => {
  forAll("id of a credential", FastCheck.record({ value: path }), 60, (connection, { value }) =>
    Effect.gen(function* () {
      const { sent, users } = connection

      // From a caller without types.
      const credentialsId = value as Ids.CredentialsId
      const base = `https://api.tink.com/api/v1/credentials/${value}`
      const isValid = isId(value)
      wentTo(sent, yield* outcome(users.getCredential(session, credentialsId)), isValid, [`GET ${base}`])
      wentTo(sent, yield* outcome(users.refreshCredential(session, credentialsId)), isValid, [`POST ${base}/refresh`])
      wentTo(sent, yield* outcome(users.deleteCredential(session, credentialsId)), isValid, [`DELETE ${base}`])
      const fields = { username: "a-name" }
      for (const [operation, line] of [
        [users.updateCredential(session, credentialsId, { fields }), `PUT ${base}`],
        [users.authenticateCredential(session, credentialsId), `POST ${base}/authenticate`],
        [users.submitSupplementalInformation(session, credentialsId, fields), `POST ${base}/supplemental-information`],
        [users.getCredentialQr(session, credentialsId), `GET ${base}/qr`],
        [Stream.runHead(users.followCredential(session, credentialsId)), `GET ${base}`]
      ] satisfies ReadonlyArray<readonly [Effect.Effect<unknown, TinkError>, string]>) {
        wentTo(sent, yield* outcome(operation), isValid, [line])
      }
      const consents = "https://api.tink.com/api/v1/provider-consents"
      const listed = yield* outcome(users.listProviderConsents(session, { credentialsId }))
      wentTo(sent, listed, isValid, [`GET ${consents}?credentialsId=${value}`])
      const extended = yield* outcome(users.extendProviderConsent(session, credentialsId))
      const [extension] = wentTo(sent, extended, isValid, [`POST ${consents}:extend`])
      if (isValid) assert.deepStrictEqual(JSON.parse(extension?.body ?? ""), { credentialsId: value })
    })
  )

  forAll("id of a user", FastCheck.record({ value: path }), 100, (connection, { value }) =>
    Effect.gen(function* () {
      const { sent, users } = connection

      const userId = value as Ids.UserId
      const theirs = UserSession.make({ userId, accessToken: Redacted.make("t"), scopes: allScopes })
      const isValid = isId(value)
      const base = "https://api.tink.com/api/v1"
      wentTo(sent, yield* outcome(users.listCredentials(theirs)), isValid, [`GET ${base}/credentials/list`])
      wentTo(sent, yield* outcome(users.deleteUser(theirs)), isValid, [`POST ${base}/user/delete`])
      const deleted = yield* outcome(users.deleteUser({ userId }))
      const [forDeletion] = wentTo(sent, deleted, isValid, [GRANT, `POST ${TOKEN}`, `POST ${base}/user/delete`])
      const result = yield* outcome(users.createAuthorization({ userId, scopes: ["user:read"] }))
      const [grant] = wentTo(sent, result, isValid, [GRANT])
      const delegated = yield* outcome(users.delegateAuthorization({ userId, idHint: "a hint" }))
      wentTo(sent, delegated, isValid, [`${GRANT}/delegate`])
      const revoked = yield* outcome(users.revokeAll({ userId }))
      const [revocation] = wentTo(sent, revoked, isValid, [`POST ${base}/oauth/revoke-all`])
      if (!isValid) return
      assert.deepStrictEqual(formOf(revocation), [["user_id", value]])
      assert.deepStrictEqual(formOf(forDeletion), [
        ["user_id", value],
        ["scope", "user:delete"]
      ])
      assert.deepStrictEqual(formOf(grant), [
        ["user_id", value],
        ["scope", "user:read"]
      ])
    })
  )

  forAll(
    "external id",
    FastCheck.record({
      externalUserId: FastCheck.oneof(path, FastCheck.constantFrom("a&user_id=b", "a+b", "å=ä", "a b", "%26"))
    }),
    120,
    (connection, { externalUserId }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        const isValid = isSentence(externalUserId)
        const granted = yield* outcome(users.createAuthorization({ externalUserId, scopes: ["user:read"] }))
        const [grant] = wentTo(sent, granted, isValid, [GRANT])
        const created = yield* outcome(users.createUser({ market: "SE", externalUserId }))
        const [create] = wentTo(sent, created, isValid, [CREATE])
        if (!isValid) return
        assert.deepStrictEqual(formOf(grant), [
          ["external_user_id", externalUserId],
          ["scope", "user:read"]
        ])
        assert.deepStrictEqual(JSON.parse(create?.body ?? ""), { market: "SE", external_user_id: externalUserId })
      })
  )

  forAll(
    "market and locale",
    FastCheck.record({
      market: FastCheck.oneof(FastCheck.stringMatching(/^[A-Za-z]{1,3}$/), path),
      locale: FastCheck.oneof(FastCheck.stringMatching(/^[a-z]{2}[_-][A-Z]{2}$/), path)
    }),
    120,
    (connection, { locale, market }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        const isValid = /^[A-Z][A-Z]$/.test(market) && /^[a-z][a-z]_[A-Z][A-Z]$/.test(locale)
        const result = yield* outcome(users.createUser({ market, locale }))
        const [create] = wentTo(sent, result, isValid, [CREATE])
        if (isValid) assert.deepStrictEqual(JSON.parse(create?.body ?? ""), { market, locale })
      })
  )

  const known: ReadonlyArray<string> = userScopes
  const clientsOnly: ReadonlyArray<string> = clientScopes
  forAll(
    "scopes",
    FastCheck.record({
      scopes: FastCheck.array(
        FastCheck.oneof(
          { weight: 8, arbitrary: FastCheck.constantFrom<string>(...userScopes) },
          FastCheck.constantFrom("user:create", "user:read,user:delete", "USER:READ", "user:read ", "*"),
          path
        ),
        { maxLength: 4 }
      )
    }),
    120,
    (connection, { scopes }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        // Scope tokens of RFC 6749 (3.3) without commas, which Tink separates scopes with.
        const isToken = (scope: string) => /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/.test(scope)
        const isOfUsers = (scope: string) => known.includes(scope) || !clientsOnly.includes(scope)
        const isValid = scopes.length > 0 && scopes.every((scope) => isToken(scope) && isOfUsers(scope))
        // From a caller without types.
        const input = { userId, scopes: scopes as Array<UserScope> }
        const [grant] = wentTo(sent, yield* outcome(users.createAuthorization(input)), isValid, [GRANT])
        if (!isValid) return
        assert.deepStrictEqual(formOf(grant), [
          ["user_id", userId],
          ["scope", scopes.join(",")]
        ])
      })
  )

  forAll(
    "code and token",
    FastCheck.record({
      value: FastCheck.oneof(path, FastCheck.stringMatching(/^[\x20-\x7e]{1,20}$/), FastCheck.constant("a&code=b"))
    }),
    120,
    (connection, { value }) =>
      Effect.gen(function* () {
        const { sent, users } = connection

        const isValid = /^[\x21-\x7e]+$/.test(value) && !value.includes("\n")
        const result = yield* outcome(users.getUserAccessToken({ code: Redacted.make(value) }))
        const [exchange] = wentTo(sent, result, isValid, [`POST ${TOKEN}`])
        const theirs = UserSession.make({ userId, accessToken: Redacted.make(value), scopes: allScopes })
        wentTo(sent, yield* outcome(users.listCredentials(theirs)), isValid, [
          "GET https://api.tink.com/api/v1/credentials/list"
        ])
        if (!isValid) return
        assert.deepStrictEqual(formOf(exchange), [
          ["client_id", "a-client"],
          ["client_secret", "a-secret"],
          ["grant_type", "authorization_code"],
          ["code", value]
        ])
      })
  )

  forAll(
    "parts of a link to Tink Link",
    FastCheck.record({ value: FastCheck.oneof(path, FastCheck.constantFrom("a&state=b", "a+b", "å=ä", "a b", "%26")) }),
    120,
    (_, { value }) =>
      Effect.gen(function* () {
        const redirectUri = "https://app.example/callback"
        const link = {
          clientId: "a-client",
          redirectUri,
          state: value,
          inputProvider: value,
          parameters: { new_one: value }
        }
        const made = yield* outcome(TinkLink.connectAccounts(link))
        if (!isSentence(value)) return isFailure(made, "Invalid", false)
        const { href, origin, pathname, searchParams } = new URL(Redacted.value(Either.getOrThrow(made)))
        assert.strictEqual(origin + pathname, "https://link.tink.com/1.0/transactions/connect-accounts", href)
        assert.deepStrictEqual(Object.fromEntries(searchParams), {
          client_id: "a-client",
          redirect_uri: redirectUri,
          input_provider: value,
          state: value,
          new_one: value
        })
        // The redirect that comes back with it is recognized.
        const back = new URLSearchParams({ credentials_id: id, state: value, message: value, error: "" })
        const redirect = yield* TinkLink.parseRedirect(`${redirectUri}?${back.toString()}`, { state: value })
        assert.deepStrictEqual<unknown>({ ...redirect }, { _tag: "Connected", credentialsId: id, state: value })
      })
  )

  forAll(
    "URL that comes back",
    FastCheck.record({
      url: FastCheck.oneof(
        path,
        FastCheck.array(
          FastCheck.tuple(
            FastCheck.constantFrom(
              "code",
              "credentials",
              "credentials_id",
              "error",
              "error_type",
              "message",
              "state",
              "x"
            ),
            FastCheck.oneof(FastCheck.constantFrom("USER_CANCELLED", "s", id), path)
          ),
          { maxLength: 5 }
        ).map(
          (pairs) =>
            `/callback?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(sendable(value))}`).join("&")}`
        )
      )
    }),
    300,
    (_, { url }) =>
      Effect.gen(function* () {
        const known = yield* outcome(TinkLink.parseRedirect(url, { state: "s" }))
        const any = yield* outcome(TinkLink.parseRedirect(url, { ignoreState: true }))
        if (Either.isLeft(any)) isFailure(any, "Invalid", false)
        if (Either.isLeft(known)) return isFailure(known, "Invalid", false)
        assert.deepStrictEqual(Either.getOrThrow(any)._tag, known.right._tag)
        assert.strictEqual(known.right.state, "s")
        if ("credentialsId" in known.right) assert.isTrue(isId(known.right.credentialsId ?? "-"))
      })
  )

  forAll(
    "base URL",
    FastCheck.record({
      baseUrl: FastCheck.tuple(
        FastCheck.constantFrom(
          "https://",
          "http://",
          "https://",
          "http://",
          "HTTPS://",
          "https:",
          "https:/\\",
          "ftp://",
          ""
        ),
        mostlyNone("a@", "a:b@", "@", ":@", "api.tink.com:b@", "api.tink.com%40"),
        FastCheck.constantFrom(...hosts),
        mostlyNone(":8080", ":443", ":0", ":65536", ":a", ":"),
        mostlyNone("/", "//", "/a", "/a/", "/a/b", "/a%2fb", "/../..", "/a/..", "?", "?a=b", "#", "#a", "/\n", "\t")
      ).map((parts) => parts.join(""))
    }),
    400,
    (_, { baseUrl }) =>
      Effect.scoped(
        Effect.gen(function* () {
          const connected = yield* Effect.option(connect(good, baseUrl))
          if (connected._tag === "None") return
          const { sent, users } = connected.value
          yield* users.createUser({ market: "SE" })
          yield* users.getCredential(session, id)
          yield* users.refreshCredential(session, id)
          // What a person sees in it, who knows nothing of the ways in which a URL may be written.
          const seen = /^https?:(?:\/\/)?(?::?@)?([^/\\?#@:]+|\[::1\])(:\d*)?(?=[/\\]|$)/i.exec(
            baseUrl.replace(/:[/\\]+/, "://")
          )
          assert.isNotNull(seen, baseUrl)
          const host = decodeURIComponent(seen?.[1] ?? "").toLowerCase()
          const isHere = ["localhost", "127.0.0.1", "127.1", "[::1]"].includes(host)
          for (const { method, url: text } of sent) {
            const url = new URL(text)
            assert.strictEqual(url.hostname, host === "127.1" ? "127.0.0.1" : host, baseUrl)
            assert.isTrue(url.protocol === "https:" || (url.protocol === "http:" && isHere), baseUrl)
            assert.strictEqual([url.username, url.password, url.search, url.hash].join(""), "", baseUrl)
            const ends = new RegExp(`/api/v1/(user/create|oauth/token|credentials/${id}(/refresh)?)$`)
            assert.match(url.pathname, ends, `${method} ${baseUrl}`)
            const before = url.pathname.replace(ends, "").replace(/^\/@evil\.invalid(:\w*)?/, "")
            assert.include(["", "/a", "/b", "/a/b", "/a%2fb"], before, baseUrl)
          }
          assert.lengthOf(sent, 4)
        })
      )
  )
})
