import { assert } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import { Users, UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import {
  isClientTokenRequest,
  json,
  linesOf,
  type Script,
  type Sent,
  scriptedTink,
  tokenAnswer
} from "../../../test/support/scriptedTink.js"
import { assertRefusal, layerOver } from "./helpers.js"

export const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
export const otherId = Ids.UserId.make("ffffffffffffffffffffffffffffffff")
export const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
export const otherCredentialsId = Ids.CredentialsId.make("00000000000000000000000000000000")

/** A session whose token is not asked for. */
export const sessionWith = <const Scope extends UserScope>(...scopes: ReadonlyArray<Scope>) =>
  UserSession.make({ userId, accessToken: Redacted.make("a-user-token"), scopes })

/** What types forbid, as a caller in JavaScript or behind a cast would give it. */
export const cast = (value: unknown) => value as never

interface Tink {
  readonly users: Users.Service
  readonly cache: UserCache.Service
  /** What was sent since it was last taken. */
  readonly take: () => ReadonlyArray<Sent>
}

/** `Users` over a scripted Tink; the client's own token is fetched without being noted. */
export const withTink = <A, E>(
  script: Script,
  test: (tink: Tink) => Effect.Effect<A, E>,
  maxRetries = 0
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    let n = 0
    const { client, sent } = scriptedTink((next) =>
      isClientTokenRequest(next) ? tokenAnswer("a-client-token") : script(next, ++n)
    )
    return Effect.flatMap(Effect.all({ users: Users.Users, cache: UserCache.UserCache }), (services) =>
      test({ ...services, take: () => sent.splice(0).filter((next) => !isClientTokenRequest(next)) })
    ).pipe(Effect.provide(Layer.orDie(layerOver(client, { maxRetries, retryBaseDelay: 0 }))))
  })

/** That exactly one request was sent, and that it was this one, with the token of the session. */
export const assertOne = (
  sent: ReadonlyArray<Sent>,
  line: string,
  body: unknown,
  authorization = "Bearer a-user-token"
) => {
  assert.deepStrictEqual(linesOf(sent), [line])
  const [request] = sent
  assert.strictEqual(request?.headers["authorization"], authorization)
  if (body === undefined) {
    assert.strictEqual(request?.body, "")
    assert.notProperty(request?.headers, "content-type")
  } else if (typeof body === "string") {
    assert.strictEqual(request?.body, body)
    assert.strictEqual(request?.headers["content-type"], "application/x-www-form-urlencoded")
  } else {
    assert.strictEqual(request?.body, JSON.stringify(body))
    assert.strictEqual(request?.headers["content-type"], "application/json")
  }
}

/** That something is refused before anything is sent, without a word of what was given. */
export const assertRefused = (attempt: (users: Users.Service) => Effect.Effect<unknown, TinkError>) =>
  withTink(
    () => json(200, {}),
    ({ cache, take, users }) =>
      Effect.gen(function* () {
        const before = yield* cache.stats
        const error = yield* Effect.flip(attempt(users))
        assertRefusal(error)
        assert.deepStrictEqual(take(), [])
        assert.deepStrictEqual(yield* cache.stats, before)
      })
  )

/** That a session without the scope is refused, by its name, before anything is sent. */
export const assertNeeds = (
  scope: UserScope,
  attempt: (users: Users.Service, session: never) => Effect.Effect<unknown, TinkError>
) =>
  withTink(
    () => json(200, {}),
    ({ take, users }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(attempt(users, cast(sessionWith("accounts:read"))))
        assert.strictEqual(error.reason, "Forbidden")
        assert.include(error.message, scope)
        assert.deepStrictEqual(take(), [])
      })
  )
