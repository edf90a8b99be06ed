/** The real layers over the sandbox in process, with virtual time, seeded randomness and a recording client. */
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Users from "@effect-tink/users/Users"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Faults from "./faults.js"
import type { History } from "./history.js"
import * as Origin from "./origin.js"
import type { Schedule, Settings } from "./schedule.js"
import type { ChaoticScheduler } from "./scheduler.js"
import type { VirtualClock } from "./virtualClock.js"

export interface Environment {
  readonly users: Users.Service
  readonly cache: UserCache.Service
  readonly sandbox: TinkSandbox.Service
  readonly faults: Faults.Faults
  /** Runs effects in virtual time, on the random scheduler. */
  readonly runtime: Runtime.Runtime<never>
  readonly scope: Scope.CloseableScope
}

const layerTink = (settings: Settings, sandbox: TinkSandbox.Service) =>
  Layer.orDie(
    TinkHttp.layer({
      clientId: sandbox.clientId,
      clientSecret: sandbox.clientSecret,
      baseUrl: sandbox.baseUrl,
      attemptTimeout: settings.attemptTimeout,
      deadline: settings.deadline,
      maxRetries: settings.maxRetries
    })
  )

const layerCache = ({ capacity, quarantine, timeToLive }: Settings) =>
  UserCache.layer({ capacity, timeToLive, quarantine })

export const make = (
  { seed, settings }: Schedule,
  history: History,
  { clock }: VirtualClock,
  { calm, chaotic }: ChaoticScheduler
): Effect.Effect<Environment> =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const sandboxContext = yield* Layer.buildWithScope(
      TinkSandbox.layerHttpClient({
        clientTokenLifetime: settings.clientTokenLifetime,
        userTokenLifetime: settings.userTokenLifetime,
        rateLimitedRefresh: settings.rateLimitedRefresh
      }),
      scope
    ).pipe(Effect.withScheduler(calm))
    const sandbox = Context.get(sandboxContext, TinkSandbox.TinkSandbox)
    const faults = Faults.make()
    const client = Context.get(sandboxContext, HttpClient.HttpClient)
    const origin = Origin.make({ sandbox, client, history, faults, calm, scope })
    const context = yield* Layer.buildWithScope(
      Users.layerWith({ tokenCapacity: settings.tokenCapacity }).pipe(
        Layer.provideMerge(Layer.merge(layerTink(settings, sandbox), layerCache(settings))),
        Layer.provide(Layer.succeed(HttpClient.HttpClient, origin)),
        Layer.orDie
      ),
      scope
    )
    return {
      users: Context.get(context, Users.Users),
      cache: Context.get(context, UserCache.UserCache),
      sandbox,
      faults,
      runtime: yield* Effect.runtime(),
      scope
    }
  }).pipe(Effect.withClock(clock), Effect.withRandom(Random.make(seed)), Effect.withScheduler(chaotic))
