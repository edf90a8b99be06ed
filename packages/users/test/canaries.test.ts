import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import * as TinkConfig from "@effect-tink/http/TinkConfig"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { inspect } from "node:util"
import * as UserSession from "../src/UserSession.js"
import * as Users from "../src/Users.js"
import { allScopes, passUntilEnd, provideAll, takeSent, turn } from "./helpers.js"

// ---------------------------------------------------------------------------------------------------------------------
// Canaries
// ---------------------------------------------------------------------------------------------------------------------

/** What is planted. A core is found in whatever way the rest of its canary comes to be written. */
interface Canary {
  readonly core: string
  readonly text: string
}

interface Canaries {
  /** These go to Tink, which may repeat them anywhere. */
  readonly clientSecret: Canary
  readonly appToken: Canary
  readonly userToken: Canary
  readonly code: Canary
  /** These are in bodies, but not in the message or the code of a failure, which are shown. */
  readonly requestBody: Canary
  readonly responseBody: Canary
}

/** Letters and digits look the same however they are written, and these characters do not. */
const odd = FastCheck.string({ unit: FastCheck.constantFrom(..."+/=&%\"'\\<>~!*().:,;?#@[]{}$^|`_-"), maxLength: 3 })

const canary = (name: string): FastCheck.Arbitrary<Canary> =>
  FastCheck.tuple(FastCheck.hexaString({ minLength: 12, maxLength: 20 }), odd, odd).map(([word, before, after]) => {
    const core = `${name}${word}`
    return { core, text: `${before}${core}${after}` }
  })

const canaries: FastCheck.Arbitrary<Canaries> = FastCheck.record({
  clientSecret: canary("SECRETx"),
  appToken: canary("APPTOKENx"),
  userToken: canary("USERTOKENx"),
  code: canary("CODEx"),
  requestBody: canary("REQUESTx"),
  responseBody: canary("RESPONSEx")
})

// ---------------------------------------------------------------------------------------------------------------------
// All that is printed
// ---------------------------------------------------------------------------------------------------------------------

type Texts = Array<string>

const makeTracer = (texts: Texts): Tracer.Tracer =>
  Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      texts.push(name)
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: "span",
        traceId: "trace",
        parent,
        context,
        links,
        status: { _tag: "Started", startTime },
        sampled: true,
        kind,
        attributes,
        attribute: (key, value) => void attributes.set(key, value),
        event: (event, _, eventAttributes) => void texts.push(event, inspect(eventAttributes, { depth: 10 })),
        end: (_, exit) => {
          texts.push(inspect(attributes, { depth: 10 }))
          if (Exit.isFailure(exit)) texts.push(Cause.pretty(exit.cause, { renderErrorCause: true }))
        },
        addLinks: (more) => void texts.push(inspect(more, { depth: 10 }))
      }
      return span
    },
    context: (f) => f()
  })

/** Where the pretty logger writes to. */
const makeConsole = (texts: Texts): Console.Console => {
  const note = (...args: ReadonlyArray<unknown>) =>
    void texts.push(...args.map((arg) => (typeof arg === "string" ? arg : inspect(arg, { depth: 10 }))))
  // All methods of a console are alike to whoever only listens.
  const unsafe = new Proxy({}, { get: () => note }) as Console.UnsafeConsole
  // And the effectful ones are used by no logger.
  const effectful = new Proxy({}, { get: () => () => Effect.void }) as Console.Console
  return { ...effectful, [Console.TypeId]: Console.TypeId, unsafe }
}

const makeLoggers = (texts: Texts) =>
  [Logger.jsonLogger, Logger.logfmtLogger, Logger.stringLogger]
    .map((logger) => Logger.add(Logger.map(logger, (line) => void texts.push(line))))
    .reduce(
      (all, logger) => Layer.merge(all, logger),
      Layer.merge(Logger.remove(Logger.defaultLogger), Logger.add(Logger.prettyLogger({ colors: false, mode: "tty" })))
    )

const bigintToString = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value)

/** By default long lists and texts are cut. */
const whole = { depth: 10, maxArrayLength: null, maxStringLength: null } as const

/** A value in the ways in which values are printed. */
const print = (texts: Texts, value: unknown) => {
  texts.push(
    String(value),
    JSON.stringify(value, bigintToString) ?? "",
    inspect(value, whole),
    inspect(value, { ...whole, showHidden: true, getters: true })
  )
  if (value instanceof Error) texts.push(value.message, value.stack ?? "", JSON.stringify({ ...value }))
}

/** Runs an operation as an application would that logs all there is, and prints what comes of it. */
const printed = <A, E, R>(texts: Texts, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.tap((value) => Effect.logInfo("done", value)),
    Effect.tapErrorCause((cause) => Effect.logError("failed", cause)),
    Effect.tapError((error) => Effect.logWarning(error)),
    Effect.withSpan("application"),
    Effect.exit,
    Effect.tap((exit) => {
      print(texts, exit)
      if (Exit.isSuccess(exit)) return print(texts, exit.value)
      texts.push(Cause.pretty(exit.cause), Cause.pretty(exit.cause, { renderErrorCause: true }))
      for (const error of [...Cause.failures(exit.cause), ...Cause.defects(exit.cause)]) print(texts, error)
    })
  )

/** Lets time pass only for what does not end without, as each step of the clock takes some real milliseconds. */
const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    for (let turns = 0; turns < 30; turns++) {
      if (Option.isSome(yield* Fiber.poll(fiber))) return yield* Fiber.join(fiber)
      yield* turn
    }
    return yield* passUntilEnd(fiber)
  })

const provideListeners = (texts: Texts) => (effect: Effect.Effect<unknown, never>) =>
  effect.pipe(
    Effect.withTracer(makeTracer(texts)),
    Effect.provide(makeLoggers(texts)),
    Effect.withConsole(makeConsole(texts)),
    Logger.withMinimumLogLevel(LogLevel.All)
  )

const search = (texts: Texts, planted: ReadonlyArray<string>) => {
  assert.isAbove(texts.length, 20)
  const all = texts.join("\n")
  for (const core of planted) {
    if (all.includes(core)) assert.notInclude(texts.find((text) => text.includes(core)) ?? "", core)
  }
  assert.notInclude(all, "unhandled error")
}

// ---------------------------------------------------------------------------------------------------------------------
// A Tink that repeats what it was told
// ---------------------------------------------------------------------------------------------------------------------

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")

type Outcome = Effect.Effect<Response, HttpClientError.HttpClientError>

type World = (planted: Canaries, request: HttpClientRequest.HttpClientRequest, line: string) => Outcome

/** A secret as it is, in a form, in a URL, and in JSON. */
const formsOf = ({ text }: Canary): ReadonlyArray<string> => [
  text,
  encodeURIComponent(text),
  new URLSearchParams({ "": text }).toString().slice(1),
  JSON.stringify(text)
]

/** Of the secrets only those that the request had. */
const echoOf = (planted: Canaries, request: HttpClientRequest.HttpClientRequest): string => {
  const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
  const sent = `${request.headers["authorization"] ?? ""} ${body}`
  return [planted.clientSecret, planted.appToken, planted.userToken, planted.code]
    .filter((secret) => secret === planted.clientSecret || sent.includes(secret.core))
    .flatMap(formsOf)
    .join(" and ")
}

const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Outcome =>
  Effect.sync(() => new Response(status === 204 ? null : body, { status, headers }))

const good: World = (planted, _, line) => {
  const unknown = { unknown: planted.responseBody.text, deep: { er: [planted.responseBody.text] } }
  const json = (value: object) => answer(200, JSON.stringify({ ...value, ...unknown }))
  const credential = {
    id,
    userId,
    providerName: "a-bank",
    status: "AWAITING_MOBILE_BANKID_AUTHENTICATION",
    supplementalInformation: planted.responseBody.text,
    sensitivePayload: planted.responseBody.text
  }
  if (line.endsWith("/oauth/token client_credentials"))
    return json({ access_token: planted.appToken.text, expires_in: 1800 })
  if (line.endsWith("/oauth/token authorization_code"))
    return json({ access_token: planted.userToken.text, expires_in: 7200 })
  if (line.endsWith("/authorization-grant")) return json({ code: planted.code.text })
  if (line.endsWith("/user/create")) return json({ user_id: userId })
  if (line.endsWith("/api/v1/user")) return json({ id: userId })
  if (line.endsWith("/list")) return json({ credentials: [{ ...credential, ...unknown }] })
  return line.startsWith("GET") ? json(credential) : answer(204, "")
}

/** A header cannot hold what is not Latin-1, and none of this is. */
const headersOf = (echo: string, planted: Canaries) => ({
  "x-request-id": echo,
  "retry-after": planted.responseBody.text,
  location: `https://elsewhere.invalid/?${planted.responseBody.text}`,
  "set-cookie": `session=${planted.responseBody.text}`,
  "www-authenticate": `Bearer error="${planted.responseBody.text}"`,
  "x-other": echo
})

/** Tink says no, and all that it knows. */
const refusal =
  (status: number): World =>
  (planted, request) => {
    const echo = echoOf(planted, request)
    const { text } = planted.responseBody
    const body = { errorMessage: `no: ${echo}`, errorCode: echo, errorDetails: { text }, more: [text], [text]: text }
    return answer(status, JSON.stringify(body), headersOf(echo, planted))
  }

/** A failure whose body is not as it should be. */
const oddRefusal =
  (status: number, body: (text: string) => string): World =>
  (planted, request) =>
    answer(status, body(planted.responseBody.text), headersOf(echoOf(planted, request), planted))

const success =
  (body: (text: string) => string): World =>
  (planted, request) =>
    answer(200, body(planted.responseBody.text), headersOf(echoOf(planted, request), planted))

class Broken extends Data.TaggedError("Broken")<{ readonly cause: unknown; readonly message: string }> {}

const breaks =
  (reason: "Transport" | "Encode", code?: string): World =>
  (planted, request) => {
    const message = Object.values(planted)
      .map(({ text }: Canary) => text)
      .join(" ")
    const cause = Object.assign(new Broken({ cause: planted, message }), { code, syscall: "connect" })
    return Effect.fail(new HttpClientError.RequestError({ request, reason, cause, description: message }))
  }

const cuts: World = (planted, request) =>
  Effect.sync(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode(`{"id":"${planted.responseBody.text}`)),
          pull: (controller) => controller.error(new Broken({ cause: planted, message: echoOf(planted, request) }))
        }),
        { headers: headersOf(echoOf(planted, request), planted) }
      )
  )

const stalls: World = (planted) =>
  Effect.sync(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode(`{"id":"${planted.responseBody.text}`))
        })
      )
  )

/** Every field there is, with a canary where something else belongs. */
const wrongFields = [
  "access_token",
  "expires_in",
  "scope",
  "id_hint",
  "code",
  "user_id",
  "external_user_id",
  "externalUserId",
  "id",
  "userId",
  "providerName",
  "type",
  "status",
  "statusUpdated",
  "statusPayload",
  "updated",
  "sessionExpiryDate",
  "fields",
  "supplementalInformation"
]

/** Those of them that are no texts, or not any. Other texts are shown to whoever may read them. */
const wrongTexts = [
  "access_token",
  "expires_in",
  "user_id",
  "id",
  "userId",
  "statusUpdated",
  "updated",
  "sessionExpiryDate",
  "fields"
]

const fullAnswer: Readonly<Record<string, unknown>> = {
  access_token: "a-token",
  expires_in: 1800,
  code: "a-code",
  user_id: userId,
  id,
  userId,
  providerName: "p",
  status: "UPDATED"
}

const wrongAnswer = (field: string, wrong: unknown): string => {
  const wronged = { ...fullAnswer, [field]: wrong }
  return JSON.stringify({ ...wronged, credentials: [wronged] })
}

const worlds: ReadonlyArray<readonly [string, World]> = [
  ["all is well", good],
  ...[302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503].map(
    (status) => [`Tink answers ${status} and repeats all`, refusal(status)] as const
  ),
  ...[401, 503].flatMap((status) => [
    [`Tink answers ${status} with a page`, oddRefusal(status, (text) => `<html>${text}</html>`)] as const,
    [`Tink answers ${status} with nothing`, oddRefusal(status, () => "")] as const,
    [
      `Tink answers ${status} with objects for texts`,
      oddRefusal(status, (text) => JSON.stringify({ errorMessage: { text }, errorCode: [text] }))
    ] as const,
    [
      `Tink answers ${status} with JSON that is cut`,
      oddRefusal(status, (text) => `{"errorMessage":${JSON.stringify(text)}`)
    ] as const
  ]),
  ["Tink answers with a page", success((text) => `<html>${text}</html>`)],
  ["Tink answers with JSON that is cut", success((text) => `{"access_token":${JSON.stringify(text)}`)],
  ["Tink answers with a text", success((text) => JSON.stringify(text))],
  ["Tink answers with a list", success((text) => JSON.stringify([text]))],
  ...wrongFields.map((field) => [`${field} is a list`, success((text) => wrongAnswer(field, [text]))] as const),
  ...wrongTexts.map(
    (field) => [`${field} is a text that it cannot be`, success((text) => wrongAnswer(field, ` ../${text}\n`))] as const
  ),
  ["a field of the user is a list", success((text) => wrongAnswer("fields", { username: [text] }))],
  ["the connection breaks", breaks("Transport")],
  ["the connection is refused", breaks("Transport", "ECONNREFUSED")],
  ["the request cannot be written", breaks("Encode")],
  ["the body is cut", cuts],
  ["the body stalls", stalls],
  ["no answer comes", () => Effect.never]
]

const isOAuth = (line: string) => line.includes("/oauth/")

const makeClient = (world: World, planted: Canaries, onlyTokens: boolean) =>
  HttpClient.make((request, url) => {
    const grant = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
    const line = `${request.method} ${url.pathname} ${new URLSearchParams(grant).get("grant_type") ?? ""}`.trim()
    const response = (onlyTokens && isOAuth(line) ? good : world)(planted, request, line)
    return Effect.map(response, (web) => HttpClientResponse.fromWeb(request, web))
  })

const redact = ({ text }: Canary) => Redacted.make(text)

const operations = (
  users: Users.Service,
  planted: Canaries
): ReadonlyArray<Effect.Effect<unknown, unknown, UserCache.UserCache>> => {
  const session = UserSession.make({ userId, accessToken: redact(planted.userToken), scopes: allScopes })
  // The input is shown by whoever gave it; what comes of it must not show more.
  const externalUserId = planted.requestBody.text
  return [
    Effect.asVoid(users.createUser({ market: "SE", externalUserId })),
    users.createAuthorization({ externalUserId, scopes: allScopes }),
    users.getUserAccessToken({ code: redact(planted.code) }),
    users.authorize({ externalUserId, scopes: allScopes }),
    Effect.flatMap(users.authorize({ userId, scopes: allScopes }), (minted) => users.listCredentials(minted)),
    users.authorizeWithCode({ code: redact(planted.code), scopes: allScopes }),
    Effect.asVoid(users.ensureUser({ market: "SE", externalUserId })),
    users.listCredentials(session),
    users.getCredential(session, id),
    users.refreshCredential(session, id),
    users.deleteCredential(session, id),
    users.deleteUser(session),
    users.deleteUser({ userId }),
    users.deleteUser({ externalUserId })
  ]
}

const layerOver = (world: World, planted: Canaries, onlyTokens: boolean) =>
  Users.layer.pipe(
    Layer.provideMerge(UserCache.layer({ capacity: 100 })),
    Layer.provideMerge(
      Layer.orDie(
        TinkHttp.layer({
          clientId: "a-client",
          clientSecret: redact(planted.clientSecret),
          maxRetries: 1,
          retryBaseDelay: 0,
          retryMaxDelay: 0,
          attemptTimeout: "1 second",
          deadline: "3 seconds"
        })
      )
    ),
    Layer.provide(Layer.succeed(HttpClient.HttpClient, makeClient(world, planted, onlyTokens)))
  )

const coresOf = (planted: Canaries): ReadonlyArray<string> => Object.values(planted).map(({ core }: Canary) => core)

const metrics = Effect.map(Metric.snapshot, (pairs) =>
  pairs.map(({ metricKey }) => JSON.stringify([metricKey.name, metricKey.description, metricKey.tags])).join("\n")
)

const printServices = (texts: Texts) =>
  Effect.gen(function* () {
    const cache = yield* UserCache.UserCache
    for (const value of [yield* Users.Users, yield* TinkHttp.TinkHttp, cache, yield* cache.stats]) print(texts, value)
    texts.push(yield* metrics)
  })

describe("no canary is seen when", () => {
  for (const [name, world] of worlds) {
    it.effect.prop(
      name,
      { planted: canaries, onlyTokens: FastCheck.boolean() },
      ({ onlyTokens, planted }) =>
        Effect.gen(function* () {
          const texts: Texts = []
          const all = Effect.gen(function* () {
            const users = yield* Users.Users
            yield* Effect.forEach(operations(users, planted), (operation) => inTime(printed(texts, operation)))
            yield* printServices(texts)
          }).pipe(Effect.provide(layerOver(world, planted, onlyTokens)))
          yield* provideListeners(texts)(all)
          search(texts, coresOf(planted))
        }),
      { fastCheck: { numRuns: 1, endOnFailure: true } }
    )
  }

  it.effect.prop(
    "an operation is interrupted",
    { planted: canaries },
    ({ planted }) =>
      Effect.gen(function* () {
        const texts: Texts = []
        const all = Effect.gen(function* () {
          const users = yield* Users.Users
          for (const operation of operations(users, planted)) {
            const fiber = yield* Effect.fork(printed(texts, operation))
            yield* turn
            print(texts, yield* Fiber.interrupt(fiber))
          }
          yield* printServices(texts)
        }).pipe(Effect.provide(layerOver(() => Effect.never, planted, true)))
        yield* provideListeners(texts)(all)
        search(texts, coresOf(planted))
      }),
    { fastCheck: { numRuns: 3, endOnFailure: true } }
  )

  it.effect.prop(
    "the input is not valid",
    { planted: canaries, bad: FastCheck.constantFrom(" ", "\n", "\u0000", "\u007f", "\ud800") },
    ({ bad, planted }) =>
      Effect.gen(function* () {
        const texts: Texts = []
        const { text } = planted.requestBody
        const broken = bad + text
        // What has no valid id is given one that is not, as by a caller without types.
        const badUserId = broken as Ids.UserId
        const badId = broken as Ids.CredentialsId
        const code = Redacted.make(bad + planted.code.text)
        const accessToken = Redacted.make(bad + planted.userToken.text)
        const wrong = UserSession.make({ userId, accessToken, scopes: allScopes })
        const session = UserSession.make({ userId, accessToken: redact(planted.userToken), scopes: allScopes })
        print(texts, wrong)
        const all = Effect.gen(function* () {
          const users = yield* Users.Users
          for (const operation of [
            users.createUser({ market: broken }),
            users.createUser({ market: "SE", locale: broken }),
            users.createAuthorization({ userId: badUserId, scopes: allScopes }),
            users.authorize({ userId: badUserId, scopes: allScopes }),
            users.authorizeWithCode({ code, scopes: allScopes }),
            users.ensureUser({ market: "SE", externalUserId: `${broken}\n` }),
            users.getUserAccessToken({ code }),
            users.listCredentials(wrong),
            users.getCredential(session, badId),
            users.refreshCredential(session, badId),
            users.deleteCredential(session, badId),
            users.deleteUser(wrong),
            users.deleteUser({ userId: badUserId })
          ]) {
            assert.isTrue(Exit.isFailure(yield* printed(texts, operation)))
          }
        }).pipe(Effect.provide(layerOver(good, planted, false)))
        yield* provideListeners(texts)(all)
        search(texts, coresOf(planted))
      }),
    { fastCheck: { numRuns: 5, endOnFailure: true } }
  )

  it.effect.prop(
    "the settings are not valid",
    { planted: canaries },
    ({ planted }) =>
      Effect.gen(function* () {
        const texts: Texts = []
        const clientSecret = redact(planted.clientSecret)
        const { core } = planted.clientSecret
        const all = Effect.forEach(
          [
            { clientId: `a ${core}`, clientSecret },
            { clientId: "a", clientSecret: Redacted.make(`${planted.clientSecret.text}\n`) },
            { clientId: "a", clientSecret, baseUrl: core },
            { clientId: "a", clientSecret, baseUrl: `https://user:${core}@api.tink.com` },
            { clientId: "a", clientSecret, baseUrl: `https://api.tink.com?key=${core}` },
            { clientId: "a", clientSecret, baseUrl: `http://${core}.invalid` }
          ],
          (options) => Effect.asVoid(printed(texts, TinkConfig.make(options)))
        )
        yield* provideListeners(texts)(all)
        search(texts, coresOf(planted))
      }),
    { fastCheck: { numRuns: 3, endOnFailure: true } }
  )
})

// ---------------------------------------------------------------------------------------------------------------------
// The sandbox
// ---------------------------------------------------------------------------------------------------------------------

/** The tokens and codes that went over the wire, each long enough not to be anything else. */
const secretsIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/(?:Bearer |code=)([^&\s]{12,})/g)].map(([, secret]) => decodeURIComponent(secret ?? ""))

const times = FastCheck.integer({ min: 1, max: 3 })

const fault: FastCheck.Arbitrary<TinkSandbox.Fault> = FastCheck.oneof(
  FastCheck.record({
    kind: FastCheck.constantFrom(...(["drop-before", "drop-after", "cut-body", "garbage"] as const)),
    times
  }),
  FastCheck.record({
    kind: FastCheck.constantFrom(...(["delay", "slow-body"] as const)),
    milliseconds: FastCheck.constantFrom(100, 1500),
    times
  }),
  FastCheck.record({
    kind: FastCheck.constant("status" as const),
    status: FastCheck.constantFrom(400, 401, 403, 404, 409, 429, 500, 503),
    times
  })
)

it.effect.prop(
  "no canary is seen over the sandbox, nor in its record of requests",
  { planted: canaries, faults: FastCheck.array(fault, { minLength: 4, maxLength: 8 }) },
  ({ faults, planted }) =>
    Effect.gen(function* () {
      const texts: Texts = []
      const secrets: Array<string> = []
      const all = Effect.gen(function* () {
        const users = yield* Users.Users
        const sandbox = yield* TinkSandbox.TinkSandbox
        const user = yield* users.createUser({ market: "SE", externalUserId: planted.requestBody.text })
        const { id } = yield* sandbox.connectBank(user.userId)
        const credentialsId = Ids.CredentialsId.make(id)
        const session = yield* users.authorize({ userId: user.userId, scopes: allScopes })
        yield* users.listCredentials(session, { bypassCache: true })
        const grant = yield* users.createAuthorization({ userId: user.userId, scopes: allScopes })
        const { code } = yield* users.createAuthorization({ userId: user.userId, scopes: allScopes })
        secrets.push(Redacted.value(grant.code), Redacted.value(code))
        for (const [n, operation] of [
          users.createUser({ market: "SE" }),
          users.createAuthorization({ externalUserId: planted.requestBody.text, scopes: allScopes }),
          users.getUserAccessToken(grant),
          users.authorize({ externalUserId: planted.requestBody.text, scopes: allScopes }),
          users.authorizeWithCode({ code, scopes: allScopes }),
          Effect.asVoid(users.ensureUser({ market: "SE", externalUserId: planted.requestBody.text })),
          users.listCredentials(session),
          users.getCredential(session, credentialsId),
          users.refreshCredential(session, credentialsId),
          users.deleteCredential(session, credentialsId),
          users.deleteUser(session),
          users.deleteUser({ externalUserId: planted.requestBody.text }),
          users.deleteUser({ userId: user.userId })
        ].entries()) {
          const next = faults[n % faults.length]
          const { clientSecret } = planted
          if (next !== undefined) {
            yield* sandbox.injectFault(
              next.kind === "status"
                ? { ...next, errorMessage: `no ${clientSecret.text}`, errorCode: clientSecret.text }
                : next
            )
          }
          yield* inTime(printed(texts, operation))
        }
        print(texts, yield* sandbox.requests)
        print(texts, sandbox)
        yield* printServices(texts)
        for (const { body, headers } of yield* takeSent) {
          secrets.push(...secretsIn(`${headers["authorization"] ?? ""} ${body}`))
        }
      }).pipe(
        provideAll({
          sandbox: { clientSecret: planted.clientSecret.text },
          http: { attemptTimeout: "1 second", maxRetries: 1 }
        }),
        Effect.orDie
      )
      yield* provideListeners(texts)(all)
      assert.isAtLeast(new Set(secrets).size, 4)
      search(texts, [...secrets, planted.clientSecret.core, planted.requestBody.core])
    }),
  { fastCheck: { numRuns: 5, endOnFailure: true } }
)

it.effect("these tests can fail: every way of printing is searched", () =>
  Effect.gen(function* () {
    const core = "SECRETx0123456789ab"
    const ways: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
      Effect.succeed({ deep: { er: [core] } }),
      Effect.fail(new Broken({ message: core, cause: undefined })),
      Effect.die({ core }),
      Effect.fail(new Broken({ message: "a message", cause: { core } })),
      Effect.logDebug(core),
      Effect.logTrace("a message", Cause.fail(core)),
      Effect.void.pipe(Effect.withSpan(core)),
      Effect.annotateCurrentSpan("key", { core }),
      Effect.currentSpan.pipe(Effect.map((span) => span.event(core, 0n))),
      Effect.currentSpan.pipe(Effect.map((span) => span.event("an event", 0n, { core })))
    ]
    for (const way of ways) {
      const texts: Texts = Array.from({ length: 21 }, () => "")
      yield* provideListeners(texts)(printed(texts, way))
      assert.throws(() => search(texts, [core]), core)
    }
    yield* Metric.update(Metric.tagged(Metric.counter("a_test"), "key", core), 1)
    assert.include(yield* metrics, core)
  })
)
