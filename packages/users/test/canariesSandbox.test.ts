import { assert, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { userScopes } from "@effect-tink/http/OAuthScope"

import { TinkSandbox } from "@effect-tink/sandbox"
import { Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import {
  canaries,
  inTime,
  print,
  printed,
  printServices,
  provideListeners,
  quietly,
  redact,
  search,
  type Texts
} from "./canaries.js"
import { provideAll, takeSent } from "./helpers.js"

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
        const session = yield* users.authorize({ userId: user.userId, scopes: userScopes })
        yield* users.listCredentials(session, { bypassCache: true })
        const polling = { schedule: Schedule.spaced("1 second").pipe(Schedule.upTo("3 seconds")), patience: 0 }
        const fields = { username: planted.password.text, pin: redact(planted.pin) }
        const grant = yield* users.createAuthorization({ userId: user.userId, scopes: userScopes })
        const { code } = yield* users.createAuthorization({ userId: user.userId, scopes: userScopes })
        secrets.push(Redacted.value(grant.code), Redacted.value(code))
        for (const [n, operation] of [
          users.createUser({ market: "SE" }),
          users.createAuthorization({ externalUserId: planted.requestBody.text, scopes: userScopes }),
          users.getUserAccessToken(grant),
          users.authorize({ externalUserId: planted.requestBody.text, scopes: userScopes }),
          users.authorizeWithCode({ code, scopes: userScopes }),
          Effect.asVoid(users.ensureUser({ market: "SE", externalUserId: planted.requestBody.text })),
          users.delegateAuthorization({ userId: user.userId, idHint: "a hint" }),
          Effect.asVoid(users.getUser(session)),
          users.getProfile(session),
          Effect.asVoid(users.updateUser(session, { username: planted.requestBody.text })),
          users.listCredentials(session),
          users.getCredential(session, credentialsId),
          users.createCredential(session, { providerName: "se-demobank-password", fields }),
          users.updateCredential(session, credentialsId, { fields }),
          users.refreshCredential(session, credentialsId),
          users.authenticateCredential(session, credentialsId),
          users.submitSupplementalInformation(session, credentialsId, { otp: redact(planted.otp) }),
          users.getCredentialQr(session, credentialsId),
          users.listProviderConsents(session),
          users.extendProviderConsent(session, credentialsId),
          quietly(Stream.runCollect(users.followCredential(session, credentialsId, polling))),
          Effect.orDie(sandbox.setNextRefresh(credentialsId, "SESSION_EXPIRED")),
          quietly(
            users.refreshAndWait(session, credentialsId, {
              ...polling,
              tinkLink: { idHint: "a hint", redirectUri: "https://app.example/back", state: planted.state.text }
            })
          ),
          users.revokeAll({ userId: user.userId }),
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
      const { clientSecret, otp, password, pin, requestBody, state } = planted
      search(texts, [...secrets, ...[clientSecret, otp, password, pin, requestBody, state].map(({ core }) => core)])
    }),
  { fastCheck: { numRuns: 2, endOnFailure: true }, timeout: 20_000 }
)
