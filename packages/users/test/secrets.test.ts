import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { userScopes } from "@effect-tink/http/OAuthScope"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { TinkLink, Users, UserSession } from "@effect-tink/users"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as List from "effect/List"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"
import { makeTracer } from "../../../test/support/tracer.js"
import { type Reply, scriptedTink } from "../../../test/support/scriptedTink.js"
import { layerOver, provideAnswers, withTime } from "./helpers.js"

/** Every secret holds this word, and nothing that may be shown does. */
const CANARY = "canary"
const clientSecret = `client-secret-${CANARY}`
const userToken = `user-token-${CANARY}`

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")

const scopes = userScopes

const clone = (value: unknown): unknown => {
  try {
    return structuredClone(value)
  } catch (error) {
    return error
  }
}

const ownValues = (value: unknown): unknown =>
  typeof value === "object" && value !== null
    ? Reflect.ownKeys(value).map((key) => [String(key), Reflect.get(value, key)])
    : value

/** Bigints and maps, which JSON would refuse or hide. */
const replacer = (_: string, value: unknown): unknown => {
  if (typeof value === "bigint") return String(value)
  return value instanceof Map ? [...value] : value
}

/** A value in all the ways in which it can be seen. */
const shown = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify(value, replacer) ?? "",
  inspect(value, { depth: 10, showHidden: true, getters: true }),
  inspect(clone(value), { depth: 10 }),
  inspect(Object.entries(Object(value)), { depth: 10 }),
  inspect({ ...Object(value) }, { depth: 10, showHidden: true }),
  inspect(ownValues(value), { depth: 10, showHidden: true }),
  Cause.pretty(Cause.die(value)),
  Cause.pretty(Cause.fail(value), { renderErrorCause: true }),
  ...[Logger.jsonLogger, Logger.logfmtLogger, Logger.stringLogger].map((logger) =>
    logger.log({
      annotations: HashMap.empty(),
      cause: Cause.fail(value),
      context: FiberRefs.empty(),
      date: new Date(0),
      fiberId: FiberId.none,
      logLevel: LogLevel.Info,
      message: [value, { value }],
      spans: List.empty()
    })
  )
]

const isClean = (what: string, value: unknown) => {
  for (const text of shown(value)) assert.notInclude(text, CANARY, what)
}

/** Spans as a tracer sees them, and a logger's lines of every format. */
const makeWatch = () => {
  const seen: Array<unknown> = []
  const lines: Array<string> = []
  const note = (said: unknown) => void seen.push(said)
  const { tracer } = makeTracer(note, note)
  const loggers = [Logger.jsonLogger, Logger.logfmtLogger, Logger.stringLogger].map((logger) =>
    Logger.map(logger, (line) => void lines.push(line))
  )
  const watched = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    effect.pipe(
      Effect.tapErrorCause((cause) => Effect.logError("failed", cause)),
      Effect.tap((value) => Effect.logInfo("done", value)),
      Effect.exit,
      Effect.withTracer(tracer),
      Effect.provide(
        Logger.replace(
          Logger.defaultLogger,
          Logger.zipRight(
            loggers[0] ?? Logger.none,
            Logger.zipRight(loggers[1] ?? Logger.none, loggers[2] ?? Logger.none)
          )
        )
      ),
      Logger.withMinimumLogLevel(LogLevel.All)
    )
  return { seen, lines, watched }
}

const credential = `{"id":"${id}","userId":"${userId}","providerName":"a-bank",
  "status":"AWAITING_SUPPLEMENTAL_INFORMATION","supplementalInformation":"${CANARY}"}`

const profile = {
  currency: "SEK",
  locale: "sv_SE",
  market: "SE",
  timeZone: "Europe/Stockholm",
  periodMode: "MONTHLY"
} as const

const user = JSON.stringify({ id: userId, appId: "an-app", created: 1, nationalId: CANARY, more: CANARY, profile })

const consent = `{"credentialsId":"${id}","status":"UPDATED","more":"${CANARY}"}`

/** Answers by the end of the request's path. A request that is not here has no answer. */
const answers: ReadonlyArray<readonly [string, string]> = [
  ["/oauth/token", `{"access_token":"${userToken}","expires_in":7200,"scope":"${scopes.join(",")}"}`],
  ["/authorization-grant", `{"code":"code-${CANARY}"}`],
  ["/delegate", `{"code":"code-${CANARY}"}`],
  ["/user/create", `{"user_id":"${userId}","more":"${CANARY}"}`],
  ["/api/v1/user", user],
  ["/profile", JSON.stringify(profile)],
  ["/list", `{"credentials":[${credential}]}`],
  [`GET /api/v1/credentials/${id}`, credential],
  [`PUT /api/v1/credentials/${id}`, credential],
  ["POST /api/v1/credentials", credential],
  ["/qr", `data:image/png;base64,${CANARY}`],
  ["/provider-consents", `{"providerConsents":[${consent}]}`],
  [":extend", consent]
]

const good = (line: string): Reply => {
  const [, body] = answers.find(([end]) => line.endsWith(end)) ?? []
  return body === undefined ? { status: 204, body: "" } : { body }
}

/** Tink repeats what it was sent, and more. */
const echo = `client-secret-${CANARY} user-token-${CANARY} code-${CANARY} given-${CANARY} password-${CANARY} pin-${CANARY}`

const onlyTokens = (bad: Reply) => (line: string) => (/oauth/.test(line) ? good(line) : bad)

const scenarios: ReadonlyArray<readonly [string, (line: string) => Reply]> = [
  ["all is well", good],
  ...[302, 401, 503].flatMap((status) => {
    const bad = { status, body: `{"unknown":"${CANARY}"}` }
    return [
      [`Tink answers ${status}`, () => bad],
      [`Tink answers ${status}, to all but the token requests`, onlyTokens(bad)]
    ] as const
  }),
  ["Tink answers with a page", () => ({ body: `<html>${CANARY}</html>` })],
  ["Tink answers with a page, to all but the token requests", onlyTokens({ body: `<html>${CANARY}</html>` })],
  ["Tink answers with other JSON", () => ({ body: `{"access_token":{"a":"${CANARY}"},"code":["${CANARY}"]}` })],
  ["Tink answers with JSON that is cut", () => ({ body: `{"access_token":"${CANARY}` })]
]

const staticSession = UserSession.make({ userId, accessToken: Redacted.make(userToken), scopes })

const fields = { username: `password-${CANARY}`, pin: Redacted.make(`pin-${CANARY}`) }

const login = {
  selectedAuthenticationOptions: [
    { authenticationOptionDefinition: "A_DEVICE", authenticationOptionsGroup: "DEVICES", fields }
  ]
}

const polling = { schedule: Schedule.spaced("1 second").pipe(Schedule.upTo("3 seconds")), patience: 0 }

const link = { redirectUri: "https://app.example/callback", state: CANARY }

const operations = (users: Users.Service): ReadonlyArray<Effect.Effect<unknown, unknown>> => [
  users.createUser({ market: "SE", externalUserId: "cust-0001" }),
  users.createAuthorization({ userId, scopes }),
  users.getUserAccessToken({ code: Redacted.make(`code-${CANARY}`) }),
  users.authorize({ userId, scopes }),
  users.authorize({ externalUserId: "cust-0001", scopes }),
  users.authorizeWithCode({ code: Redacted.make(`code-${CANARY}`), scopes }),
  users.ensureUser({ market: "SE", externalUserId: "cust-0001" }),
  users.delegateAuthorization({ userId, idHint: "a hint" }),
  users.revokeAll({ userId }),
  users.revokeAll({ externalUserId: "cust-0001" }),
  users.deleteUser({ userId }),
  users.deleteUser({ externalUserId: "cust-0001" })
]

const sessionOperations = (
  users: Users.Service,
  session: UserSession.UserSession<(typeof scopes)[number]>
): ReadonlyArray<Effect.Effect<unknown, unknown>> => [
  users.getUser(session),
  users.updateUser(session, { username: "a-name" }),
  users.getProfile(session),
  users.updateProfile(session, profile),
  users.createCredential(session, { providerName: "a-bank", fields, ...login }),
  users.updateCredential(session, id, { fields, ...login }),
  users.authenticateCredential(session, id, login),
  users.submitSupplementalInformation(session, id, fields),
  users.getCredentialQr(session, id),
  withTime(Stream.runCollect(users.followCredential(session, id, polling))),
  withTime(users.refreshAndWait(session, id, { ...polling, tinkLink: { ...link, idHint: "a hint" } })),
  users.listProviderConsents(session),
  users.extendProviderConsent(session, id),
  users.listCredentials(session),
  users.getCredential(session, id),
  users.refreshCredential(session, id),
  users.refreshCredential(session, id, { ...login, authenticate: true }),
  users.deleteCredential(session, id),
  users.deleteUser(session)
]

describe("no secret is seen in results, errors, causes, logs and spans", () => {
  it.effect("however Tink answers", () =>
    everyRow(
      scenarios,
      ([name]) => name,
      ([, answer]) =>
        Effect.gen(function* () {
          const users = yield* Users.Users
          const { lines, seen, watched } = makeWatch()
          const renewable = yield* Effect.option(users.authorize({ userId, scopes }))
          const sessions = [staticSession, ...Option.toArray(renewable)]
          for (const operation of [
            ...operations(users),
            ...sessions.flatMap((session) => sessionOperations(users, session))
          ]) {
            const exit = yield* watched(operation)
            isClean("exit", exit)
            if (answer === good) assert.isTrue(Exit.isSuccess(exit))
            if (Exit.isSuccess(exit)) isClean("value", exit.value)
            else assert.notInclude(Cause.pretty(exit.cause, { renderErrorCause: true }), CANARY)
          }
          assert.isNotEmpty(lines)
          assert.isNotEmpty(seen)
          for (const line of lines) assert.notInclude(line, CANARY, "log")
          isClean("spans", seen)
        }).pipe(provideAnswers(answer, clientSecret))
    )
  )

  it.effect("when Tink repeats what it was sent", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      for (const [operation, secret] of [
        [users.getUserAccessToken({ code: Redacted.make(`code-${CANARY}`) }), `code-${CANARY}`],
        [users.createUser({ market: "SE" }), clientSecret],
        [users.listCredentials(staticSession), userToken],
        [users.deleteUser(staticSession), userToken],
        [users.createCredential(staticSession, { providerName: "a-bank", fields }), `password-${CANARY}`],
        [users.updateCredential(staticSession, id, { fields }), `pin-${CANARY}`],
        [users.authenticateCredential(staticSession, id, login), `pin-${CANARY}`],
        [users.refreshCredential(staticSession, id, { ...login, authenticate: true }), `password-${CANARY}`],
        [users.submitSupplementalInformation(staticSession, id, fields), `password-${CANARY}`]
      ] satisfies ReadonlyArray<readonly [Effect.Effect<unknown, unknown>, string]>) {
        const { lines, seen, watched } = makeWatch()
        const exit = yield* watched(operation)
        for (const text of [...shown(exit), ...lines, ...shown(seen)]) assert.notInclude(text, secret)
      }
    }).pipe(
      provideAnswers(
        () => ({ status: 400, body: JSON.stringify({ errorMessage: echo, errorCode: echo }) }),
        clientSecret
      )
    )
  )
})

it.effect("no secret is seen in sessions, grants, tokens, services, statistics and metrics", () =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const session = yield* users.authorize({ userId, scopes })
    yield* users.listCredentials(session)
    yield* users.listCredentials(staticSession)
    isClean("renewable session", session)
    isClean("static session", staticSession)
    isClean("grant", yield* users.createAuthorization({ userId, scopes }))
    isClean("token", yield* users.getUserAccessToken({ code: Redacted.make(`code-${CANARY}`) }))
    isClean(
      "link",
      yield* TinkLink.connectAccounts({ ...link, clientId: "a", authorizationCode: Redacted.make(CANARY) })
    )
    const back = `/callback?code=code-${CANARY}&credentials_id=${id}`
    isClean("redirect", yield* TinkLink.parseRedirect(back, { ignoreState: true }))
    isClean("another state", yield* Effect.flip(TinkLink.parseRedirect(`${back}&state=${CANARY}`, { state: "x" })))
    isClean("Users", users)
    isClean("TinkHttp", yield* TinkHttp.TinkHttp)
    const cache = yield* UserCache.UserCache
    isClean("UserCache", cache)
    isClean("statistics", yield* cache.stats)
    // Some of these hold a bigint, which no logger can write.
    assert.notInclude(inspect(yield* Effect.context<Users.Users>(), { depth: 10, showHidden: true }), CANARY)
    assert.notInclude(inspect(yield* Metric.snapshot, { depth: 10 }), CANARY)
  }).pipe(provideAnswers(good, clientSecret))
)

it.effect("a cache that the application provides gets no secret in a user or key", () => {
  const seen: Array<string> = []
  const layerRecording = Layer.effect(
    UserCache.UserCache,
    Effect.map(UserCache.UserCache, (cache) =>
      UserCache.UserCache.of({
        ...cache,
        get: (userId, key, ...rest) => {
          seen.push(userId, key)
          return cache.get(userId, key, ...rest)
        }
      })
    )
  ).pipe(Layer.provide(UserCache.layer({ capacity: 10 })))
  const { client } = scriptedTink(({ method, path }) => good(`${method} ${path}`))
  return Effect.gen(function* () {
    const users = yield* Users.Users
    yield* users.listCredentials(staticSession)
    assert.lengthOf(seen, 2)
    assert.notInclude(seen.join(), CANARY)
  }).pipe(Effect.provide(Layer.orDie(layerOver(client, {}, layerRecording))))
})

const notFound = { status: 404, body: JSON.stringify({ errorMessage: "none", errorCode: "credentials.not_found" }) }

it.effect("a secret that is wiped after the call has begun is sent all the same", () => {
  const pin = Redacted.make(`pin-${CANARY}`)
  const { client, sent } = scriptedTink(({ method, path }) => {
    // The read that comes before the refresh.
    if (method === "GET") Redacted.unsafeWipe(pin)
    return method === "GET" ? good(`${method} ${path}`) : notFound
  })
  const selectedAuthenticationOptions = login.selectedAuthenticationOptions.map((option) => ({
    ...option,
    fields: { pin }
  }))
  return Effect.gen(function* () {
    const users = yield* Users.Users
    yield* Effect.flip(users.refreshAndWait(staticSession, id, { authenticate: true, selectedAuthenticationOptions }))
    assert.lengthOf(sent, 2)
    assert.include(sent[1]?.body, `pin-${CANARY}`)
  }).pipe(Effect.provide(Layer.orDie(layerOver(client))))
})

it("a session prints its user and scopes, and nothing else", () => {
  const json = { _id: "@effect-tink/users/UserSession", userId, scopes: [...scopes] }
  assert.deepStrictEqual(JSON.parse(JSON.stringify(staticSession)), json)
  assert.deepStrictEqual(JSON.parse(String(staticSession)), json)
  assert.deepStrictEqual(Object.keys(structuredClone({ ...staticSession })), ["userId", "scopes"])
})

it.effect("a secret that is not hidden is found by these tests", () =>
  Effect.sync(() => {
    assert.throws(() => isClean("value", { deep: { er: CANARY } }))
    assert.throws(() => isClean("error", new Error(CANARY)))
    assert.throws(() => isClean("symbol", { [Symbol.for("x")]: CANARY }))
  })
)
