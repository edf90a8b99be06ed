/** Sends calls to endpoints: with the right token, through the cache, in a span, and with the response checked. */
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, TinkError } from "@effect-tink/http/TinkError"
import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import type * as UserCache from "@effect-tink/user-cache/UserCache"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { ChangeEndpoint, ClientEndpoint, ReadEndpoint, SessionEndpoint } from "../../Endpoint.js"
import type { UserSession } from "../../UserSession.js"
import { makeCacheKey } from "./cacheKey.js"
import { bind, type Call, checkSubjects, toClientRequest, toUserRequest, tryRequest } from "./call.js"
import { deepFreeze } from "./deepFreeze.js"
import { forbidden, withFlags } from "../errors.js"
import type { ConnectionTimeToLive } from "./freshness.js"
import { memoize } from "../lazy.js"
import { withOperationSpan } from "./operationSpan.js"
import { unwrapSession } from "../tokens/session.js"
import type { UserTokens } from "../tokens/userTokens.js"

/** A session that was checked for an operation. */
export interface OpenSession {
  readonly userId: UserId
  /** Sessions with the same user and identity may see what each other has read. */
  readonly identity: string
  readonly tokens: () => TokenSource
}

export type ReadCall<A> = Call<ReadEndpoint<UserScope, never, A>>

export type ChangeCall<A> = Call<ChangeEndpoint<UserScope, never, A>>

export interface Access {
  /** Fails when the session may not be used for the operation. An `Exit`, so that a cached read needs no effect. */
  readonly open: (operation: string, session: UserSession<never>, scope: UserScope) => Exit.Exit<OpenSession, TinkError>

  /** Calls an endpoint that needs a session. */
  readonly request: <A>(
    session: UserSession<never>,
    endpoint: SessionEndpoint<UserScope, never, A>,
    args: ReadonlyArray<unknown>
  ) => Effect.Effect<A, TinkError>

  /** Calls an endpoint that takes the application's own token, or none. */
  readonly requestAsClient: <A>(
    endpoint: ClientEndpoint<never, A>,
    args: ReadonlyArray<unknown>
  ) => Effect.Effect<A, TinkError>

  /** Reads from the cache if the endpoint and the options allow it. Only a request has a span. */
  readonly read: <A>(session: OpenSession, call: ReadCall<A>) => Effect.Effect<A, TinkError>

  /** Always asks Tink. The response is cached, and older ones are dropped. */
  readonly poll: <A>(session: OpenSession, call: ReadCall<A>) => Effect.Effect<A, TinkError>

  readonly change: <A>(session: OpenSession, call: ChangeCall<A>) => Effect.Effect<A, TinkError>

  /** Invalidates the user when a change of them ends, however it ends. */
  readonly invalidateAfter: <A>(
    userId: UserId,
    operation: string,
    change: Effect.Effect<A, TinkError>
  ) => Effect.Effect<A, TinkError>
}

type Policed = Pick<ReadEndpoint<UserScope, never, never>, "name" | "cache">

const cacheClosed = (operation: string): TinkError =>
  new TinkError({
    reason: "Transport",
    operation,
    detail: "the layer of the cache was closed",
    isRetryable: false,
    isAmbiguous: false
  })

const refuse = (operation: string, detail: string) => Exit.fail(invalidInput(operation, detail))

const isSurelyUnchanged = (exit: Exit.Exit<unknown, TinkError>): boolean =>
  Exit.isFailure(exit) && Option.exists(Cause.failureOption(exit.cause), (error) => !error.isAmbiguous)

export const make = (dependencies: {
  readonly http: TinkHttp.Service
  readonly cache: UserCache.Service
  /** The cache of responses that are the same for all users. */
  readonly publicCache: UserCache.Service
  readonly userTokens: UserTokens
  /** Identifies this `Users`: another one may be for another Tink app. */
  readonly usersId: string
  readonly connectionTimeToLive: ConnectionTimeToLive | undefined
  readonly isClosed: () => boolean
  /** Runs when a change of a user has ended, and with it the invalidation. Names the credential that may have changed. */
  readonly onChange: (userId: UserId, credentialsId: string | undefined) => void
}): Access => {
  const { cache, connectionTimeToLive, http, isClosed, onChange, publicCache, usersId, userTokens } = dependencies
  const cacheKey = makeCacheKey(usersId)

  const open: Access["open"] = (operation, session, scope) => {
    const held = unwrapSession(session)
    if (typeof held === "string") return refuse(operation, held)
    if (isClosed()) return refuse(operation, "the layer of this Users is closed")
    if (held._tag === "Renewable" && held.usersId !== usersId) {
      return refuse(operation, "the session belongs to another Users: provide one shared Users layer")
    }
    if (!session.scopes.includes(scope)) {
      return Exit.fail(forbidden(operation, `needs the scope ${scope}, which the session does not have`))
    }
    return Exit.succeed({
      userId: session.userId,
      identity: held.identity,
      tokens: () => (held._tag === "Static" ? held.tokens : userTokens.of(session.userId, session.scopes))
    })
  }

  const send = <A>(session: OpenSession, call: ReadCall<A> | ChangeCall<A>): Effect.Effect<A, TinkError> =>
    Effect.suspend(() =>
      Effect.flatMap(
        tryRequest(call.endpoint.name, () => toUserRequest(call, session.userId, session.tokens())),
        (request) => http.request(request)
      )
    )

  // -------------------------------------------------------------------------------------------------------------------
  // Reads
  // -------------------------------------------------------------------------------------------------------------------

  const toCacheOptions = memoize(({ cache: policy, name }: Policed): UserCache.GetOptions<never, TinkError> => {
    const interrupted = () => cacheClosed(name)
    if (policy === undefined || policy === false) return { interrupted }
    const { connections, timeToLive = Duration.infinity } = policy
    return {
      interrupted,
      timeToLive: (answer, startedAt) =>
        connections === undefined || connectionTimeToLive === undefined
          ? timeToLive
          : Duration.min(timeToLive, connectionTimeToLive(connections(answer), startedAt))
    }
  })

  const cacheOptions = <A>(endpoint: ReadEndpoint<UserScope, never, A>) =>
    // The options of an endpoint are only used with its own responses.
    toCacheOptions(endpoint) as UserCache.GetOptions<A, TinkError>

  // Suspended, as most reads are answered by the cache.
  const lookup = <A>(session: OpenSession, call: ReadCall<A>): Effect.Effect<A, TinkError> =>
    Effect.suspend(() =>
      send(session, call).pipe(
        Effect.tap(checkSubjects(session.userId, call)),
        Effect.map(deepFreeze),
        withOperationSpan(call.endpoint.name, session.userId)
      )
    )

  const read: Access["read"] = (session, call) =>
    call.bypassCache || call.endpoint.cache === false
      ? lookup(session, call)
      : cache.get(session.userId, cacheKey(call, session.identity), lookup(session, call), cacheOptions(call.endpoint))

  const poll: Access["poll"] = (session, call) =>
    cache.refresh(session.userId, cacheKey(call, session.identity), lookup(session, call), cacheOptions(call.endpoint))

  // -------------------------------------------------------------------------------------------------------------------
  // Changes
  // -------------------------------------------------------------------------------------------------------------------

  const invalidateAfter = <A>(
    userId: UserId,
    operation: string,
    change: Effect.Effect<A, TinkError>,
    credentialsId?: string
  ): Effect.Effect<A, TinkError> =>
    cache
      .invalidateAfter(userId, change, (error) => error.isAmbiguous)
      .pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => onChange(userId, isSurelyUnchanged(exit) ? undefined : credentialsId))
        ),
        withOperationSpan(operation, userId)
      )

  const change: Access["change"] = (session, call) => {
    const { endpoint, id } = call
    const { userId } = session
    const sent = Effect.tap(send(session, call), (answer) =>
      // The change was made by the time that its response is checked.
      Effect.mapError(checkSubjects(session.userId, call)(answer), (error) => withFlags(error, { isAmbiguous: true }))
    )
    return endpoint.invalidates === false
      ? withOperationSpan(endpoint.name, userId)(sent)
      : invalidateAfter(userId, endpoint.name, sent, id)
  }

  return {
    open,
    read,
    poll,
    change,
    invalidateAfter,
    request: (session, endpoint, args) =>
      Effect.suspend(() => {
        const opened = open(endpoint.name, session, endpoint.scope)
        if (Exit.isFailure(opened)) return Effect.failCause(opened.cause)
        if (endpoint._tag === "Change") {
          return Effect.flatMap(bind(endpoint, args), (call) => change(opened.value, call))
        }
        const call = bind(endpoint, args)
        return Exit.isFailure(call) ? Effect.failCause(call.cause) : read(opened.value, call.value)
      }),
    requestAsClient: (endpoint, args) => {
      const send = (call: Call<typeof endpoint>) =>
        tryRequest(endpoint.name, () => toClientRequest(call)).pipe(
          Effect.flatMap((request) => http.request(request)),
          Effect.map(deepFreeze),
          withOperationSpan(endpoint.name)
        )
      const { cache: policy } = endpoint
      return Effect.suspend(() =>
        Effect.flatMap(bind(endpoint, args), (call) =>
          policy === undefined || call.bypassCache
            ? send(call)
            : publicCache.get("", cacheKey(call, ""), send(call), {
                timeToLive: () => policy.timeToLive,
                interrupted: () => cacheClosed(endpoint.name)
              })
        )
      )
    }
  }
}
