/**
 * One Tink app per tenant: a `LayerMap` builds the services of a tenant when they are first needed, and keeps them.
 * Here each talks to a sandbox in process. An application provides the platform's `HttpClient` instead.
 */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { NodeRuntime } from "@effect/platform-node"
import { Config, ConfigProvider, Console, Effect, Layer, LayerMap } from "effect"
import "./lib/quietOutput.js"

type Tenant = "SE" | "FI"

/** Each tenant has its own client id, secret and cache. */
const layerTenant = (tenant: Tenant) =>
  Users.layer.pipe(
    Layer.provide(UserCache.layer({ capacity: 10_000 })),
    Layer.provide(
      TinkHttp.layerConfig({
        clientId: Config.string(`TINK_${tenant}_CLIENT_ID`),
        clientSecret: Config.redacted(`TINK_${tenant}_CLIENT_SECRET`)
      })
    ),
    Layer.provide(TinkSandbox.layerHttpClient({ clientId: `app-${tenant}`, clientSecret: `secret-${tenant}` }))
  )

class Tenants extends LayerMap.Service<Tenants>()("examples/Tenants", { lookup: layerTenant }) {}

const createUser = (market: Tenant) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const { userId } = yield* users.createUser({ market })
    yield* Console.log(`tenant ${market} has created user ${userId}`)
    return userId
  }).pipe(Effect.provide(Tenants.get(market)))

const program = Effect.gen(function* () {
  const userId = yield* createUser("SE")
  yield* createUser("FI")
  const users = yield* Users.Users
  const error = yield* Effect.flip(
    Effect.flatMap(users.authorize({ userId, scopes: ["credentials:read"] }), users.listCredentials)
  )
  yield* Console.log(`tenant FI reads a user of SE: ${error.reason}`)
}).pipe(Effect.provide(Tenants.get("FI")))

const environment = ConfigProvider.fromMap(
  new Map([
    ["TINK_SE_CLIENT_ID", "app-SE"],
    ["TINK_SE_CLIENT_SECRET", "secret-SE"],
    ["TINK_FI_CLIENT_ID", "app-FI"],
    ["TINK_FI_CLIENT_SECRET", "secret-FI"]
  ])
)

program.pipe(Effect.provide(Tenants.Default), Effect.withConfigProvider(environment), NodeRuntime.runMain)
