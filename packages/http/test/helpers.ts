import * as HttpClient from "@effect/platform/HttpClient"
import { type TinkConfig, type TinkError, TinkHttp, TinkRequest, TokenSource } from "@effect-tink/http"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { type Script, scriptedTink } from "../../../test/support/scriptedTink.js"

export const secret = "s3cr3t-0f-the-cl13nt"

export const options = { clientId: "my-client", clientSecret: Redacted.make(secret) }

/** A `TinkHttp` over a scripted Tink. */
export const over = Effect.fnUntraced(function* (script: Script, settings: Partial<TinkConfig.AppOptions> = {}) {
  const { client, sent } = scriptedTink(script)
  const context = yield* Layer.build(TinkHttp.layer({ ...options, ...settings })).pipe(
    Effect.provideService(HttpClient.HttpClient, client)
  )
  return { http: Context.get(context, TinkHttp.TinkHttp), sent }
})

// ---------------------------------------------------------------------------------------------------------------------
// Requests
// ---------------------------------------------------------------------------------------------------------------------

export const userToken = Redacted.make("us3r-t0k3n-canary")

export const anyJson = Schema.parseJson(Schema.Unknown)

export const id = "0123456789abcdef0123456789abcdef"

const user = { _tag: "User", tokens: TokenSource.fromToken(userToken) } as const

export const getCredential: TinkRequest.TinkRequest<unknown> = {
  operation: "getCredential",
  method: "GET",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: user,
  response: anyJson
}

export const deleteCredential: TinkRequest.TinkRequest<void> = {
  operation: "deleteCredential",
  method: "DELETE",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: user,
  response: TinkRequest.NoContent
}

export const refreshCredential: TinkRequest.TinkRequest<void> = {
  operation: "refreshCredential",
  method: "POST",
  route: "/api/v1/credentials/{id}/refresh",
  params: { id },
  authorization: user,
  response: TinkRequest.NoContent
}

export const updateCredential: TinkRequest.TinkRequest<unknown> = {
  operation: "updateCredential",
  method: "PUT",
  route: "/api/v1/credentials/{id}",
  params: { id },
  body: { _tag: "Json", value: { fields: {} } },
  authorization: user,
  response: anyJson
}

export const createUser: TinkRequest.TinkRequest<unknown> = {
  operation: "createUser",
  method: "POST",
  route: "/api/v1/user/create",
  authorization: { _tag: "Client", scopes: ["user:create"] },
  body: { _tag: "Json", value: { market: "SE", locale: "en_US", external_user_id: "cust-0001" } },
  response: anyJson
}

export const createAuthorization: TinkRequest.TinkRequest<unknown> = {
  operation: "createAuthorization",
  method: "POST",
  route: "/api/v1/oauth/authorization-grant",
  authorization: { _tag: "Client", scopes: ["authorization:grant"] },
  body: { _tag: "Form", fields: { user_id: undefined, external_user_id: "cust-0001", scope: "user:read,user:delete" } },
  response: anyJson
}

// ---------------------------------------------------------------------------------------------------------------------
// Time and fibers
// ---------------------------------------------------------------------------------------------------------------------

/** Lets time pass until an effect is done: from one sleep to the next, each at its time. */
export const elapse = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    while (Option.isNone(yield* Fiber.poll(fiber))) yield* TestClock.adjust("20 minutes")
    return yield* Fiber.join(fiber)
  })

/** The error of something that has to fail. */
export const failure = <A>(effect: Effect.Effect<A, TinkError.TinkError>): Effect.Effect<TinkError.TinkError> =>
  Effect.catchAll(Effect.flip(effect), () => Effect.dieMessage("It should have failed"))

/** A gate that tells when somebody stands before it. */
export const makeGate = Effect.map(
  Effect.all({ reached: Deferred.make<void>(), opened: Deferred.make<void>() }),
  ({ opened, reached }) => ({
    pass: Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(opened)),
    reached: Deferred.await(reached),
    open: Deferred.succeed(opened, undefined)
  })
)
