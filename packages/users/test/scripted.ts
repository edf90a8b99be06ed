import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as UserSession from "../src/UserSession.js"
import * as Users from "../src/Users.js"
import type { Answer } from "./helpers.js"

/** A request as it came out at the other end. */
export interface Request {
  readonly method: string
  /** The path and the query as they were sent. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
export const otherId = Ids.UserId.make("ffffffffffffffffffffffffffffffff")
export const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
export const otherCredentialsId = Ids.CredentialsId.make("00000000000000000000000000000000")

/** A session whose token is not asked for. */
export const sessionWith = <const Scope extends UserScope>(...scopes: ReadonlyArray<Scope>) =>
  UserSession.make({ userId, accessToken: Redacted.make("a-user-token"), scopes })

/** What types forbid, as a caller in JavaScript or behind a cast would give it. */
export const cast = (value: unknown) => value as never

/** The client's token is fetched without being noted. */
const clientToken: Answer = { body: '{"access_token":"a-client-token","expires_in":1800,"scope":""}' }

interface Tink {
  readonly users: Users.Service
  readonly cache: UserCache.Service
  /** What was sent since it was last taken. */
  readonly take: () => ReadonlyArray<Request>
}

/** `Users` over a Tink that answers every request as it is told to, and that is read back to the letter. */
export const withTink = <A, E>(
  answer: (request: Request, n: number) => Answer,
  test: (tink: Tink) => Effect.Effect<A, E>,
  maxRetries = 0
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const sent: Array<Request> = []
    let n = 0
    const client = HttpClient.make((request, url) => {
      const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
      const next = { method: request.method, path: url.pathname + url.search, headers: { ...request.headers }, body }
      const isToken = next.path === "/api/v1/oauth/token" && body.includes("client_credentials")
      if (!isToken) sent.push(next)
      const { body: text, headers = {}, status = 200 } = isToken ? clientToken : answer(next, ++n)
      return Effect.succeed(
        HttpClientResponse.fromWeb(request, new Response(status === 204 ? null : text, { status, headers }))
      )
    })
    const http = TinkHttp.layer({
      clientId: "a-client",
      clientSecret: Redacted.make("a-secret"),
      maxRetries,
      retryBaseDelay: 0
    })
    return Effect.scoped(
      Effect.flatMap(
        Layer.build(
          Users.layer.pipe(
            Layer.provideMerge(UserCache.layer({ capacity: 100 })),
            Layer.provide(Layer.orDie(http)),
            Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
          )
        ),
        (context) =>
          test({
            users: Context.get(context, Users.Users),
            cache: Context.get(context, UserCache.UserCache),
            take: () => sent.splice(0)
          })
      )
    )
  })

export const json = (value: unknown): Answer => ({ body: JSON.stringify(value) })

export const noContent: Answer = { status: 204, body: "" }

export const linesOf = (sent: ReadonlyArray<Request>) => sent.map(({ method, path }) => `${method} ${path}`)

/** That exactly one request was sent, and that it was this one, with the token of the session. */
export const assertOne = (
  sent: ReadonlyArray<Request>,
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
    () => json({}),
    ({ cache, take, users }) =>
      Effect.gen(function* () {
        const before = yield* cache.stats
        const error = yield* Effect.flip(attempt(users))
        assert.strictEqual(error._tag, "TinkError")
        assert.strictEqual(error.reason, "Invalid")
        assert.isUndefined(error.status)
        assert.isDefined(error.detail)
        assert.notInclude(error.message, "canary")
        assert.isFalse(error.isAmbiguous)
        assert.isFalse(error.isRetryable)
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
    () => json({}),
    ({ take, users }) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(attempt(users, cast(sessionWith("accounts:read"))))
        assert.strictEqual(error.reason, "Forbidden")
        assert.include(error.message, scope)
        assert.deepStrictEqual(take(), [])
      })
  )
