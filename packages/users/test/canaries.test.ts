import { assert, describe, it } from "@effect/vitest"
import type * as Ids from "@effect-tink/http/Ids"
import { userScopes } from "@effect-tink/http/OAuthScope"
import * as TinkConfig from "@effect-tink/http/TinkConfig"
import type * as UserCache from "@effect-tink/user-cache/UserCache"
import { type Refresh, TinkLink, Users, UserSession } from "@effect-tink/users"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { everyRow } from "../../../test/support/rows.js"
import { sample, seed } from "../../../test/support/samples.js"
import {
  type Canaries,
  canaries,
  coresOf,
  inTime,
  metricsText,
  print,
  printed,
  printServices,
  provideListeners,
  quietly,
  redact,
  search,
  type Texts
} from "./canaries.js"
import {
  type Area,
  Broken,
  brokenScenarios,
  good,
  isOAuth,
  layerScenario,
  sparing,
  type Scenario,
  wrongScenarios
} from "./canaryScenarios.js"
import { allScopes, turn } from "./helpers.js"
import { cast, id, userId } from "./scripted.js"

type Operation = Effect.Effect<unknown, unknown, UserCache.UserCache>

const sessionOf = (planted: Canaries) =>
  UserSession.make({ userId, accessToken: redact(planted.userToken), scopes: userScopes })

const profile = {
  currency: "SEK",
  locale: "sv_SE",
  market: "SE",
  timeZone: "Europe/Stockholm",
  periodMode: "MONTHLY"
} as const

const loginOf = (planted: Canaries) => ({
  appUri: `https://app.example/back?${planted.requestBody.core}`,
  selectedAuthenticationOptions: [
    {
      authenticationOptionDefinition: "A_DEVICE",
      authenticationOptionsGroup: "DEVICES",
      fields: { otp: redact(planted.otp), option: planted.loginOption.text }
    }
  ]
})

const fieldsOf = (planted: Canaries) => ({
  username: "a-name",
  password: planted.password.text,
  pin: redact(planted.pin)
})

const polling = { schedule: Schedule.spaced("1 second").pipe(Schedule.upTo("3 seconds")), patience: 0 }

const waitOptions = (planted: Canaries): Refresh.RefreshAndWaitOptions => ({
  ...polling,
  ...loginOf(planted),
  authenticate: true,
  tinkLink: {
    idHint: planted.requestBody.text,
    redirectUri: "https://app.example/callback",
    state: planted.state.text
  }
})

/** The operations whose answers are read, by what they read; and those that only change something. */
const tables = (
  users: Users.Service,
  planted: Canaries
): Readonly<Record<Area | "changes", ReadonlyArray<Operation>>> => {
  const session = sessionOf(planted)
  // The caller knows its input; a result must not show more.
  const externalUserId = planted.requestBody.text
  const login = loginOf(planted)
  const fields = fieldsOf(planted)
  return {
    authorization: [
      users.createAuthorization({ externalUserId, scopes: allScopes }),
      users.delegateAuthorization({ userId, idHint: externalUserId }),
      users.getUserAccessToken({ code: redact(planted.code) }),
      users.authorize({ externalUserId, scopes: allScopes }),
      Effect.flatMap(users.authorize({ userId, scopes: allScopes }), (renewable) => users.listCredentials(renewable)),
      users.authorizeWithCode({ code: redact(planted.code), scopes: allScopes })
    ],
    users: [
      Effect.asVoid(users.createUser({ market: "SE", externalUserId })),
      Effect.asVoid(users.ensureUser({ market: "SE", externalUserId })),
      users.getUser(session),
      users.updateUser(session, { username: externalUserId }),
      // Unknown fields of a profile are kept.
      Effect.asVoid(users.getProfile(session)),
      Effect.asVoid(users.updateProfile(session, profile))
    ],
    credentials: [
      users.listCredentials(session),
      users.getCredential(session, id),
      users.createCredential(session, { providerName: "a-bank", fields, ...login, items: ["IDENTITY_DATA"] }),
      users.updateCredential(session, id, { fields, ...login }),
      users.getCredentialQr(session, id),
      quietly(Stream.runCollect(users.followCredential(session, id, polling))),
      quietly(users.refreshAndWait(session, id, waitOptions(planted)))
    ],
    consents: [
      users.listProviderConsents(session),
      users.listProviderConsents(session, { credentialsId: id }),
      users.extendProviderConsent(session, id)
    ],
    changes: [
      users.refreshCredential(session, id),
      users.refreshCredential(session, id, { ...login, authenticate: true }),
      users.authenticateCredential(session, id, login),
      users.submitSupplementalInformation(session, id, { answer: planted.bankAnswer.text, otp: redact(planted.otp) }),
      users.deleteCredential(session, id),
      users.revokeAll({ userId }),
      users.revokeAll({ externalUserId }),
      users.deleteUser(session),
      users.deleteUser({ userId }),
      users.deleteUser({ externalUserId })
    ]
  }
}

const operations = (users: Users.Service, planted: Canaries): ReadonlyArray<Operation> =>
  Object.values(tables(users, planted)).flat()

/** All that is printed about some operations and their results. */
const textsOf = (
  scenario: Scenario,
  planted: Canaries,
  operations: (users: Users.Service, planted: Canaries) => ReadonlyArray<Operation>
) =>
  Effect.gen(function* () {
    const texts: Texts = []
    const all = Effect.gen(function* () {
      const users = yield* Users.Users
      for (const operation of operations(users, planted)) {
        const exit = yield* inTime(printed(texts, operation))
        if (scenario === good) assert.isTrue(Exit.isSuccess(exit))
        if (Exit.isFailure(exit)) assert.isFalse(Cause.isDie(exit.cause))
      }
      yield* printServices(texts)
    }).pipe(Effect.provide(layerScenario(scenario, planted)))
    yield* provideListeners(texts)(all)
    return texts
  })

// Who is given back the state has asked for it.
const parse = (url: string | URL, expected: TinkLink.ExpectedState) =>
  Effect.map(TinkLink.parseRedirect(url, expected), (redirect) => ({ ...redirect, state: undefined }))

type Row = readonly [name: string, scenario: Scenario, operations: typeof operations]

/** Plants other canaries for each row; half of the rows are well but for the requests for tokens. */
const planting = FastCheck.record({ planted: canaries, onlyTokens: FastCheck.boolean() })

const everyScenario = (rows: ReadonlyArray<Row>) =>
  everyRow(
    rows,
    ([name], n) => `${name} (seed ${seed}, row ${n})`,
    ([, scenario, operations], n) => {
      const { onlyTokens, planted } = sample(planting, n)
      const answers = onlyTokens && scenario !== good ? sparing(scenario, isOAuth) : scenario
      return Effect.map(textsOf(answers, planted, operations), (texts) => search(texts, coresOf(planted)))
    }
  )

describe("no canary is seen when", () => {
  it.effect("all is well, and every answer holds canaries", () => everyScenario([["all is well", good, operations]]))

  it.effect("Tink fails, in every way", () =>
    everyScenario(brokenScenarios.map(([name, scenario]) => [name, scenario, operations] as const))
  )

  it.effect("any field of an answer is not as documented", () =>
    everyScenario(
      wrongScenarios.map(([name, scenario, area]) => [name, scenario, (users, planted) => tables(users, planted)[area]])
    )
  )

  const steps: ReadonlyArray<readonly [string, () => (line: string) => boolean]> = [
    ["of the credential as it was", () => (line) => !line.startsWith("GET ")],
    ["of the refresh itself", () => (line) => !line.endsWith("/refresh")],
    [
      "of following it",
      () => {
        let isRefreshed = false
        return (line) => {
          isRefreshed ||= line.endsWith("/refresh")
          return !(isRefreshed && line.startsWith("GET "))
        }
      }
    ],
    ["of the code for the link", () => (line) => !line.endsWith("/delegate")],
    ["of nothing but tokens", () => (line) => !line.includes("/oauth/token")]
  ]
  const someScenarios = FastCheck.record({
    planted: canaries,
    scenarios: FastCheck.shuffledSubarray([...brokenScenarios], { minLength: 8, maxLength: 8 })
  })
  it.effect("any step of refreshAndWait gets bad answers", () =>
    everyRow(
      steps,
      ([name], n) => `${name} (seed ${seed}, row ${n})`,
      ([, isSpared], n) => {
        const { planted, scenarios } = sample(someScenarios, n)
        return everyRow(
          scenarios,
          ([name]) => name,
          ([, scenario]) =>
            Effect.map(
              textsOf(sparing(scenario, isSpared()), planted, (users) => [
                quietly(users.refreshAndWait(sessionOf(planted), id, waitOptions(planted)))
              ]),
              (texts) => search(texts, coresOf(planted))
            )
        )
      }
    )
  )

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
        }).pipe(
          Effect.provide(
            layerScenario(
              sparing(() => Effect.never, isOAuth),
              planted
            )
          )
        )
        yield* provideListeners(texts)(all)
        search(texts, coresOf(planted))
      }),
    { fastCheck: { numRuns: 3, endOnFailure: true } }
  )

  it.effect.prop(
    "the input is not valid",
    { planted: canaries, bad: FastCheck.constantFrom("\n", "\u0000", "\u007f", "\ud800") },
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
        const wrong = UserSession.make({ userId, accessToken, scopes: userScopes })
        const session = sessionOf(planted)
        const badFields = cast({ ...fieldsOf(planted), more: [planted.password.text] })
        const fields = fieldsOf(planted)
        const login = loginOf(planted)
        const options = waitOptions(planted)
        const tinkLink = { idHint: "a hint", redirectUri: "https://app.example/callback", state: planted.state.text }
        print(texts, wrong)
        const all = Effect.gen(function* () {
          const users = yield* Users.Users
          for (const operation of [
            users.createUser({ market: broken }),
            users.createUser({ market: "SE", locale: broken }),
            users.createAuthorization({ userId: badUserId, scopes: allScopes }),
            users.delegateAuthorization({ userId: badUserId, idHint: "a hint" }),
            users.delegateAuthorization({ userId, idHint: broken }),
            users.delegateAuthorization({ userId, idHint: "a hint", scopes: cast([broken]) }),
            users.revokeAll({ userId: badUserId }),
            users.authorize({ userId: badUserId, scopes: allScopes }),
            users.authorizeWithCode({ code, scopes: allScopes }),
            users.ensureUser({ market: "SE", externalUserId: broken }),
            users.getUserAccessToken({ code }),
            users.getUser(wrong),
            users.getProfile(wrong),
            users.updateUser(session, { username: broken }),
            users.updateProfile(session, cast({ ...profile, currency: [text] })),
            users.updateProfile(session, cast({ ...profile, more: 1n })),
            users.listCredentials(wrong),
            users.getCredential(session, badId),
            users.createCredential(session, { providerName: broken, fields }),
            users.createCredential(session, { providerName: "a-bank", fields: badFields }),
            users.createCredential(session, { providerName: "a-bank", fields, ...login, originatingUserIp: text }),
            users.updateCredential(session, badId, { fields }),
            users.updateCredential(session, id, { fields: badFields }),
            users.updateCredential(session, id, { fields, appUri: broken }),
            users.refreshCredential(session, badId),
            users.refreshCredential(session, id, { items: cast([text]) }),
            users.refreshCredential(session, id, login),
            users.authenticateCredential(session, id, { ...login, callbackUri: broken }),
            users.submitSupplementalInformation(session, id, badFields),
            users.submitSupplementalInformation(session, id, cast(planted.bankAnswer.text)),
            users.getCredentialQr(session, badId),
            users.deleteCredential(session, badId),
            Stream.runDrain(users.followCredential(session, badId)),
            Stream.runDrain(users.followCredential(wrong, id)),
            users.refreshAndWait(session, badId, options),
            users.refreshAndWait(wrong, id, options),
            users.refreshAndWait(session, id, { ...options, tinkLink: { ...tinkLink, idHint: broken } }),
            users.refreshAndWait(session, id, { ...options, tinkLink: { ...tinkLink, redirectUri: broken } }),
            users.refreshAndWait(session, id, {
              ...options,
              tinkLink: { ...tinkLink, state: planted.state.text + bad }
            }),
            users.listProviderConsents(wrong),
            users.listProviderConsents(session, { credentialsId: badId }),
            users.extendProviderConsent(session, badId),
            users.deleteUser(wrong),
            users.deleteUser({ userId: badUserId })
          ]) {
            assert.isTrue(Exit.isFailure(yield* printed(texts, quietly<unknown, unknown, never>(operation))))
          }
        }).pipe(Effect.provide(layerScenario(good, planted)))
        yield* provideListeners(texts)(all)
        search(texts, coresOf(planted))
      }),
    { fastCheck: { numRuns: 5, endOnFailure: true } }
  )

  it.effect.prop(
    "links are made and come back, valid and not",
    { planted: canaries, bad: FastCheck.constantFrom("\n", "\u0000", "\u007f", "\ud800", " ") },
    ({ bad, planted }) =>
      Effect.gen(function* () {
        const texts: Texts = []
        const authorizationCode = redact(planted.linkCode)
        const badCode = Redacted.make(planted.linkCode.text + bad)
        const { core: secret, text: state } = planted.state
        const link = { clientId: "a-client", redirectUri: "https://app.example/callback", state }
        const back = (parameters: Readonly<Record<string, string>>) =>
          `https://app.example/callback?${new URLSearchParams({ state, ...parameters }).toString()}`
        const code = planted.code.text
        const connected = back({ code, credentials_id: id })
        const failed = back({ error: "INTERNAL_ERROR", code, secret: planted.pin.text })
        const valid: ReadonlyArray<Operation> = [
          TinkLink.connectAccounts({ ...link, authorizationCode, inputProvider: planted.requestBody.text }),
          TinkLink.connectAccounts({ ...link, state: redact(planted.state), parameters: { new_one: secret } }),
          TinkLink.updateConsent({ ...link, authorizationCode, credentialsId: id }),
          parse(connected, { state }),
          parse(new URL(connected), { state: redact(planted.state) }),
          parse(failed, { ignoreState: true })
        ]
        const invalid: ReadonlyArray<Operation> = [
          TinkLink.connectAccounts({ ...link, authorizationCode: badCode }),
          TinkLink.connectAccounts({ ...link, authorizationCode: cast(planted.linkCode.text) }),
          TinkLink.connectAccounts({ ...link, authorizationCode, clientId: `${bad}${secret}` }),
          TinkLink.connectAccounts({ ...link, authorizationCode, redirectUri: `https://${bad}${secret}` }),
          TinkLink.connectAccounts({ ...link, authorizationCode, baseUrl: `https://user:${secret}@link.tink.com` }),
          TinkLink.connectAccounts({ ...link, authorizationCode, parameters: { state } }),
          TinkLink.connectAccounts({ ...link, authorizationCode, market: secret }),
          TinkLink.updateConsent({ ...link, authorizationCode: badCode, credentialsId: id }),
          TinkLink.updateConsent({ ...link, authorizationCode, credentialsId: cast(`${bad}${secret}`) }),
          parse(connected, { state: "another" }),
          parse(connected, { state: Redacted.make(`${state}x`) }),
          parse(connected, cast({})),
          parse(connected, cast({ state, ignoreState: true })),
          parse(`${connected}&code=${encodeURIComponent(code)}`, { state }),
          parse(back({ code }), { state }),
          parse(back({ code: `${code} ${code}`, credentials_id: id }), { state }),
          parse(back({ code, credentials_id: `${secret}/..` }), { state }),
          parse(`https://[${secret}`, { state })
        ]
        yield* provideListeners(texts)(
          Effect.gen(function* () {
            for (const operation of valid) assert.isTrue(Exit.isSuccess(yield* printed(texts, operation)))
            for (const operation of invalid) assert.isTrue(Exit.isFailure(yield* printed(texts, operation)))
          }).pipe(Effect.provide(layerScenario(good, planted)))
        )
        search(texts, coresOf(planted))
      }),
    { fastCheck: { numRuns: 10, endOnFailure: true } }
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

it.effect("a canary in any way of printing is found by the search", () =>
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
    assert.include(yield* metricsText, core)
  })
)
