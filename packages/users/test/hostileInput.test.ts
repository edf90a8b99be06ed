import type * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { userScopes } from "@effect-tink/http/OAuthScope"
import type { TinkHttp } from "@effect-tink/http/TinkHttp"
import type { UserCache } from "@effect-tink/user-cache/UserCache"
import { Endpoint, TinkLink, Users, UserSession } from "@effect-tink/users"
import * as Cause from "effect/Cause"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { hostileValues } from "../../../test/support/hostileValues.js"
import { everyRow } from "../../../test/support/rows.js"
import { provideAll, provideAnswers } from "./helpers.js"

const userId = Ids.UserId.make("0123456789abcdef0123456789abcdef")
const id = Ids.CredentialsId.make("fedcba9876543210fedcba9876543210")
const session = UserSession.make({ userId, accessToken: Redacted.make("a-token"), scopes: userScopes })

/** What types forbid, as a caller in JavaScript would give it. */
const cast = (value: unknown) => value as never

type Call = (value: unknown) => unknown

const members = ["userId", "scopes", "market", "code", "since", "tinkLink"]

const links = [
  "clientId",
  "redirectUri",
  "state",
  "parameters",
  "baseUrl",
  "authorizationCode",
  "financialServicesSegments",
  "scopes",
  "test",
  "theme"
]

const endpointMembers = [
  "name",
  "scope",
  "route",
  "method",
  "response",
  "input",
  "id",
  "headers",
  "query",
  "encoding",
  "isIdempotent",
  "cache",
  "subject",
  "userIdMember"
]

const valid = { userId, scopes: ["user:read"], market: "SE", code: Redacted.make("a-code") }

type Operation = (...args: ReadonlyArray<never>) => unknown

/** An operation with a value in each place where it takes one. */
const callsOf = (operation: Operation): ReadonlyArray<Call> => [
  (value) => operation(cast(value), cast(value), cast(value)),
  (value) => operation(cast(session), cast(value), cast(value)),
  (value) => operation(cast(session), cast(id), cast(value))
]

/** Operations that read their input by themselves. */
const memberCalls = (users: Users.Service): ReadonlyArray<Call> =>
  members.flatMap((name): ReadonlyArray<Call> => [
    ...[users.authorize, users.authorizeWithCode, users.createUser, users.ensureUser, users.deleteUser].map(
      (operation: Operation): Call =>
        (value) =>
          operation(cast({ ...valid, [name]: value }))
    ),
    (value) => users.followCredential(session, id, cast({ [name]: value })),
    (value) => users.refreshAndWait(session, id, cast({ [name]: value })),
    (value) => users.listCredentials(session, cast({ [name]: value }))
  ])

const endpoint = {
  name: "anything",
  scope: "providers:read",
  route: "/api/v1/anything",
  method: "POST",
  input: Schema.UndefinedOr(Schema.Any),
  response: Schema.String
}

const constructors: Readonly<Record<string, (options: never) => unknown>> = {
  read: Endpoint.read,
  change: Endpoint.change,
  client: Endpoint.client,
  clientRead: Endpoint.clientRead
}

const endpointCalls = (users: Users.Service): ReadonlyArray<Call> =>
  Object.entries(constructors).flatMap(([name, make]): ReadonlyArray<Call> => {
    const send = (options: unknown, input?: unknown) =>
      name.startsWith("client")
        ? users.requestAsClient(cast(make(cast(options))), cast(input))
        : users.request(cast(session), cast(make(cast(options))), cast(input))
    return [
      send,
      (value) => send(endpoint, value),
      (value) => send(endpoint, { value }),
      (value) => send({ ...endpoint, headers: ["value"] }, { value }),
      (value) => send({ ...endpoint, encoding: "form" }, { value }),
      (value) => send({ ...endpoint, cache: { timeToLive: value } }),
      (value) => send({ ...endpoint, cache: { connections: value } }),
      ...endpointMembers.map(
        (member): Call =>
          (value) =>
            send({ ...endpoint, [member]: value })
      )
    ]
  })

const sessionCalls = (users: Users.Service): ReadonlyArray<Call> => [
  (value) => users.listCredentials(UserSession.make(cast(value))),
  ...["userId", "accessToken", "scopes"].map(
    (name): Call =>
      (value) =>
        users.listCredentials(
          UserSession.make(
            cast({ userId, accessToken: Redacted.make("a-token"), scopes: ["credentials:read"], [name]: value })
          )
        )
  )
]

const link = {
  clientId: "a-client",
  redirectUri: "https://app.example/callback",
  credentialsId: id,
  authorizationCode: Redacted.make("a-code")
}

const redirect = `https://app.example/callback?state=a-state&credentialsId=${id}`

const linkCalls: ReadonlyArray<Call> = [
  (value) => TinkLink.updateConsent(cast(value)),
  (value) => TinkLink.updateConsent(cast({ ...link, parameters: { value } })),
  ...links.map(
    (name): Call =>
      (value) =>
        TinkLink.updateConsent(cast({ ...link, [name]: value }))
  ),
  ...links.map(
    (name): Call =>
      (value) =>
        TinkLink.connectAccounts(cast({ ...link, [name]: value }))
  ),
  (value) => TinkLink.parseRedirect(cast(value), { state: "a-state" }),
  (value) => TinkLink.parseRedirect(cast(value), { ignoreState: true }),
  (value) => TinkLink.parseRedirect(redirect, cast(value)),
  (value) => TinkLink.parseRedirect(redirect, cast({ state: value })),
  (value) => TinkLink.parseRedirect(redirect, cast({ ignoreState: value }))
]

const refreshLinkCalls = (users: Users.Service): ReadonlyArray<Call> =>
  ["redirectUri", "idHint", "state", "parameters"].map(
    (name) => (value) => users.refreshAndWait(session, id, cast({ tinkLink: { ...link, [name]: value } }))
  )

/** Runs a call, which may also return a stream, and says what it ended with if that is not a success or a `TinkError`. */
const findFault = (call: Call, value: unknown) =>
  Effect.gen(function* () {
    const returned = yield* Effect.try(() => call(value))
    const effect = Effect.isEffect(returned) ? returned : Stream.runDrain(cast(returned))
    // The requirements are met by the layers.
    const exit = yield* Effect.exit(effect as Effect.Effect<unknown, unknown>)
    if (Exit.isSuccess(exit)) return undefined
    const [error] = Array.from(Cause.failures(exit.cause))
    // Formatting a cause takes longer than all else here.
    const isTinkError = Predicate.isTagged(error, "TinkError") && Predicate.hasProperty(error, "message")
    const text = isTinkError ? String(error.message) : Cause.pretty(exit.cause)
    return isTinkError && !text.includes("canary") ? undefined : `${call.toString()}: ${text.slice(0, 1000)}`
  }).pipe(Effect.catchAll(({ error }) => Effect.succeed(`${call.toString()} threw ${String(error)}`)))

const findFaults = (calls: ReadonlyArray<Call>, value: unknown) =>
  Effect.map(
    Effect.forEach(calls, (call) => findFault(call, value)),
    (found) => found.filter((fault) => fault !== undefined)
  )

/** What is accepted ends at once. */
const refusal = { status: 400, body: `{"errorMessage":"no","errorCode":"a.b"}` }

const values = hostileValues([...new Set([...members, ...links, ...endpointMembers, "state", "accessToken"])])

describe("values that throw when they are read, and others that no type allows", () => {
  it.effect("end every operation with a TinkError that repeats none of them, or are accepted", () =>
    everyRow(
      values,
      ([name]) => name,
      ([, value]) =>
        Effect.gen(function* () {
          const users = yield* Users.Users
          const operations = Object.values(users).flatMap((operation) => callsOf(cast(operation)))
          const calls = [
            ...operations,
            ...memberCalls(users),
            ...endpointCalls(users),
            ...sessionCalls(users),
            ...refreshLinkCalls(users)
          ]
          const faults = yield* findFaults([...calls, ...linkCalls], value)
          if (faults.length > 0) assert.fail(faults.join("\n"))
        })
    ).pipe(provideAnswers(() => refusal))
  )

  it.effect("are named by the error of a layer", () => {
    const build = (layer: () => Layer.Layer<Users.Users, ConfigError, TinkHttp | UserCache | HttpClient.HttpClient>) =>
      Effect.suspend(() => Effect.scoped(Layer.build(layer())))
    return everyRow(
      values,
      ([name]) => name,
      ([, value]) =>
        Effect.gen(function* () {
          const layers: ReadonlyArray<readonly [string, unknown]> = [
            ["tokenCapacity", { tokenCapacity: value }],
            // A bigint is a duration in nanoseconds.
            ...(typeof value === "bigint" ? [] : [["freshness", { freshness: { inProgress: value } }] as const])
          ]
          for (const [name, options] of layers) {
            const exit = yield* Effect.exit(build(() => Users.layerWith(cast(options))))
            assert.isTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause), name)
            assert.include(String(exit), name)
            assert.notInclude(String(exit), "canary")
          }
          const whole = yield* Effect.exit(build(() => Users.layerWith(cast(value))))
          assert.isTrue(Exit.isSuccess(whole) || Cause.isFailType(whole.cause))
        })
    ).pipe(provideAll())
  })
})
