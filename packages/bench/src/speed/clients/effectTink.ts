/** The library itself, in three ways. */
import { CredentialsId, UserId } from "@effect-tink/http/Ids"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Users from "@effect-tink/users/Users"
import * as UserSession from "@effect-tink/users/UserSession"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import type { Cache, Contestant, Setup } from "../contestant.js"
import * as Effects from "../effects.js"
import { credentialIdOf, tokenOf } from "../tink.js"
import { layerHttpClient } from "./platformClient.js"

type Session = UserSession.UserSession<"credentials:read" | "credentials:refresh">

const packages = ["@effect-tink/users", "@effect-tink/user-cache", "@effect-tink/http"]
const scopes = ["credentials:read", "credentials:refresh"] as const

/** Where thousands of callers wait for their turn, the last one waits longer than the defaults allow. */
const longTimeouts = { attemptTimeout: "5 minutes", deadline: "5 minutes" } as const

export const layerUsers = ({ capacity, origin, timeToLive }: Setup) =>
  Users.layer.pipe(
    Layer.provideMerge(UserCache.layer({ capacity, timeToLive })),
    Layer.provide(
      TinkHttp.layer({
        clientId: "client",
        clientSecret: Redacted.make("secret"),
        baseUrl: origin.baseUrl,
        ...longTimeouts
      })
    )
  )

const make =
  (
    openSession: (users: Users.Service, userId: UserId) => Session,
    { bypassCache }: { readonly bypassCache: boolean }
  ) =>
  async (setup: Setup) => {
    const runtime = ManagedRuntime.make(Layer.provide(layerUsers(setup), layerHttpClient(setup)))
    const { cache, users } = await runtime.runPromise(Effect.all({ cache: UserCache.UserCache, users: Users.Users }))
    return Effects.makeCache(setup, runtime, {
      open: (userId) => openSession(users, UserId.make(userId)),
      list: (session) => users.listCredentials(session, { bypassCache }),
      invalidate: cache.invalidate,
      change: (session) => users.refreshCredential(session, CredentialsId.make(credentialIdOf(session.userId)))
    })
  }

const renewable = (users: Users.Service, userId: UserId): Session => Effect.runSync(users.authorize({ userId, scopes }))

const fixed = (_: Users.Service, userId: UserId): Session =>
  UserSession.make({ userId, accessToken: Redacted.make(tokenOf(userId)), scopes })

/** README: `authorize`, whose session gets a token when one is needed. */
export const effectTink: Contestant<Cache> = {
  name: "effect-tink",
  packages,
  make: make(renewable, { bypassCache: false })
}

/** The application has the tokens, as with all peers. */
export const effectTinkStatic: Contestant<Cache> = {
  name: "effect-tink",
  packages,
  make: make(fixed, { bypassCache: false })
}

/** `authorize`, and every read sends a request. */
export const effectTinkUncached: Contestant<Cache> = {
  name: "effect-tink",
  packages,
  make: make(renewable, { bypassCache: true })
}

/** Every read is a miss, if it is of another user than the last one, and the cache has room for one. */
export const effectTinkMiss: Contestant<Cache> = { ...effectTink, name: "effect-tink, a miss" }
