/** Random interleavings of operations of some users, over a Tink that knows whose token goes out. */
import { assert, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as HttpClient from "@effect/platform/HttpClient"
import { Credential, Users, type UserSession } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { json, noContent, scriptedTink } from "../../../test/support/scriptedTink.js"
import { allScopes, passUntilEnd } from "./helpers.js"

/** A Tink whose codes and tokens say for whom and for what they are, and which keeps a record of misuse. */
const makeTellingTink = () => {
  const misuse: Array<string> = []
  const revoked = new Set<string>()
  const latest = new Map<string, string>()
  let serial = 0

  const { client } = scriptedTink(({ form, headers, method, path }) =>
    Effect.gen(function* () {
      const bearer = (headers["authorization"] ?? "").replace("Bearer ", "")
      // Each request takes its time.
      yield* Effect.sleep((yield* Random.nextIntBetween(0, 5)) * 100)
      if (path.endsWith("/authorization-grant")) {
        return yield* json(200, { code: `${form["user_id"]}|${form["scope"]}` })
      }
      if (path.endsWith("/token")) {
        const code = form["code"]
        if (code === undefined)
          return yield* json(200, { access_token: "app", expires_in: 86_400, scope: form["scope"] })
        const token = `${code}|${++serial}`
        latest.set(code, token)
        return yield* json(200, { access_token: token, expires_in: 600, scope: code.split("|")[1] })
      }
      const [user = "", scopes = ""] = bearer.split("|")
      if (revoked.has(bearer)) return yield* json(401, {})
      if (path.endsWith("/user/delete")) return yield* noContent
      // An id of credentials says by whom, and by a session for which scopes, it is asked for: `<user>_<scopes>`.
      const id = path.split("/")[4] ?? ""
      if (id !== `${user}_${scopes.replaceAll(/[:,]/g, "-")}`) misuse.push(`${bearer} at ${method} ${id}`)
      if (method !== "GET") return yield* noContent
      return yield* json(200, { id, userId: user, providerName: "p", status: "UPDATED" })
    })
  )
  return { client, misuse, revoke: (code: string) => revoked.add(latest.get(code) ?? "") }
}

/** Each set is sorted. */
const scopeSets = [
  ["credentials:read", "credentials:refresh", "credentials:write", "user:delete"],
  ["credentials:read", "credentials:refresh", "credentials:write", "user:delete", "user:read"],
  ["accounts:read", "credentials:read", "credentials:refresh", "credentials:write", "user:delete"]
] as const

const step = FastCheck.oneof(
  {
    weight: 12,
    arbitrary: FastCheck.record({
      kind: FastCheck.constantFrom(...(["get", "bypass", "refresh", "delete"] as const)),
      user: FastCheck.nat({ max: 3 }),
      scopes: FastCheck.nat({ max: 2 }),
      isNew: FastCheck.boolean()
    })
  },
  {
    weight: 1,
    arbitrary: FastCheck.record({
      kind: FastCheck.constantFrom(...(["deleteUser", "revoke"] as const)),
      user: FastCheck.nat({ max: 3 }),
      scopes: FastCheck.nat({ max: 2 }),
      isNew: FastCheck.boolean()
    })
  },
  {
    weight: 4,
    arbitrary: FastCheck.record({ kind: FastCheck.constant("wait" as const), millis: FastCheck.nat(700_000) })
  },
  { weight: 4, arbitrary: FastCheck.record({ kind: FastCheck.constant("wait" as const), millis: FastCheck.nat(300) }) }
)

/** In no interleaving is the token of one user or set of scopes sent for another. */
export const tokensStayWithTheirOwner = (numRuns: number) =>
  it.effect.prop(
    "in no interleaving is the token of one user or set of scopes sent for another",
    {
      steps: FastCheck.array(step, { minLength: 10, maxLength: 60 }),
      tokenCapacity: FastCheck.constantFrom(0, 1, 3, 10_000),
      seed: FastCheck.string()
    },
    ({ seed, steps, tokenCapacity }) => {
      const tink = makeTellingTink()
      return Effect.gen(function* () {
        const users = yield* Users.Users
        const sessions = new Map<string, UserSession.UserSession<(typeof allScopes)[number]>>()
        const running: Array<Fiber.RuntimeFiber<void>> = []
        for (const next of steps) {
          if (next.kind === "wait") {
            yield* TestClock.adjust(next.millis)
            continue
          }
          const scopes = scopeSets[next.scopes] ?? allScopes
          const userId = Ids.UserId.make(`u${next.user}`)
          const key = `${userId}|${scopes.join(",")}`
          if (next.kind === "revoke") {
            tink.revoke(key)
            continue
          }
          const known = next.isNew ? undefined : sessions.get(key)
          const session = known ?? (yield* users.authorize({ userId, scopes }))
          sessions.set(key, session)
          const id = Ids.CredentialsId.make(key.replaceAll(/[:,]/g, "-").replace("|", "_"))
          const operation: Effect.Effect<unknown, TinkError> = {
            get: users.getCredential(session, id),
            bypass: users.getCredential(session, id, { bypassCache: true }),
            refresh: users.refreshCredential(session, id),
            delete: users.deleteCredential(session, id),
            deleteUser: users.deleteUser(next.isNew ? { userId } : session)
          }[next.kind]
          const isTheirs = Effect.tap(operation, (answer: unknown) =>
            Effect.sync(() => answer instanceof Credential.Credential && assert.strictEqual(answer.id, id))
          )
          running.push(yield* Effect.fork(Effect.asVoid(Effect.orDie(isTheirs))))
        }
        for (const fiber of running) yield* passUntilEnd(fiber)
        assert.deepStrictEqual(tink.misuse, [])
      }).pipe(
        Effect.provide(
          Users.layerWith({ tokenCapacity }).pipe(
            Layer.provideMerge(UserCache.layer({ capacity: 5 })),
            Layer.provideMerge(
              Layer.orDie(TinkHttp.layer({ clientId: "a-client", clientSecret: Redacted.make("a-secret") }))
            ),
            Layer.provide(Layer.succeed(HttpClient.HttpClient, tink.client))
          )
        ),
        Effect.withRandom(Random.make(seed)),
        Effect.scoped
      )
    },
    { fastCheck: { numRuns }, timeout: 600_000 }
  )
