/** How an operation gets at the data of a user: with the tokens of a session, and through the cache. */
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, TinkError } from "@effect-tink/http/TinkError"
import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import type { TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import type * as UserCache from "@effect-tink/user-cache/UserCache"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { ReadOptions } from "../ReadOptions.js"
import type { UserSession } from "../UserSession.js"
import { secretsOf } from "./userSession.js"
import type { UserTokens } from "./userTokens.js"

/** A session that may be used for an operation. */
export interface Opened {
  readonly userId: UserId
  /** Who may share what is read with it, in a cache that may serve several `Users`. */
  readonly identity: string
  readonly tokens: () => TokenSource
}

/** A read of a user that may be cached. */
export interface Read<A> {
  readonly operation: string
  readonly scope: UserScope
  /** Tells apart what one operation reads, such as an id. */
  readonly key?: string
  readonly request: (tokens: TokenSource) => TinkRequest<A>
  /** Whether the answer is of this user, and the one that was asked for. */
  readonly check: (answer: A, userId: UserId) => Effect.Effect<void, TinkError>
  readonly timeToLive?: ((answer: A, startedAt: DateTime.Utc) => Duration.DurationInput) | undefined
}

export interface Access {
  /** Fails when the session may not be used for this. */
  readonly open: (operation: string, session: UserSession<never>, scope: UserScope) => Either.Either<Opened, TinkError>

  /** From the cache where that is allowed. Only what goes to Tink is traced. */
  readonly read: <A>(
    session: UserSession<never>,
    read: Read<A>,
    options: ReadOptions | undefined
  ) => Effect.Effect<A, TinkError>

  /** From Tink, whatever is cached; the answer is cached, and what is older is no longer used. */
  readonly poll: <A>(opened: Opened, read: Read<A>) => Effect.Effect<A, TinkError>

  /** A change of a user: whatever comes of it, nothing that was read before is used again. */
  readonly mutate: <A>(
    userId: UserId,
    operation: string,
    change: Effect.Effect<A, TinkError>
  ) => Effect.Effect<A, TinkError>
}

export const traced = (operation: string, userId?: UserId) =>
  Effect.withSpan(`Users.${operation}`, {
    captureStackTrace: false,
    attributes: userId === undefined ? {} : { "tink.user_id": userId }
  })

const missingScope = (operation: string, scope: UserScope) =>
  new TinkError({
    reason: "Forbidden",
    operation,
    detail: `needs the scope ${scope}, which the session does not have`,
    isRetryable: false,
    isAmbiguous: false
  })

const keyOf = <A>({ identity }: Opened, { key = "", operation }: Read<A>): string => `${operation} ${key} ${identity}`

export const make = (options: {
  readonly http: TinkHttp.Service
  readonly cache: UserCache.Service
  readonly userTokens: UserTokens
  /** Stands for this `Users`: a token of another one's sessions may be for another Tink app. */
  readonly users: number
  readonly isClosed: () => boolean
  /** Told when what was read of a user may have changed. */
  readonly onChange: (userId: UserId) => Effect.Effect<void>
}): Access => {
  const { cache, http, isClosed, onChange, users, userTokens } = options

  const open: Access["open"] = (operation, session, scope) => {
    const secrets = secretsOf(session)
    if (typeof secrets === "string") return Either.left(invalidInput(operation, secrets))
    if (isClosed()) return Either.left(invalidInput(operation, "the layer of this Users is closed"))
    if (secrets._tag === "Minted" && secrets.users !== users) {
      return Either.left(invalidInput(operation, "the session is of another Users: provide the layer once"))
    }
    if (!session.scopes.includes(scope)) return Either.left(missingScope(operation, scope))
    return Either.right({
      userId: session.userId,
      identity: `${users} ${secrets.identity}`,
      tokens: () => (secrets._tag === "Bare" ? secrets.tokens : userTokens.of(session.userId, session.scopes))
    })
  }

  const lookup = <A>(opened: Opened, read: Read<A>): Effect.Effect<A, TinkError> =>
    Effect.suspend(() =>
      http.request(read.request(opened.tokens())).pipe(
        Effect.tap((answer) => read.check(answer, opened.userId)),
        traced(read.operation, opened.userId)
      )
    )

  return {
    open,
    read: (session, read, options) =>
      Effect.suspend(() => {
        const opened = open(read.operation, session, read.scope)
        if (Either.isLeft(opened)) return Effect.fail(opened.left)
        const { right } = opened
        return options?.bypassCache === true
          ? lookup(right, read)
          : cache.get(right.userId, keyOf(right, read), lookup(right, read), read)
      }),
    poll: (opened, read) => cache.refresh(opened.userId, keyOf(opened, read), lookup(opened, read), read),
    mutate: (userId, operation, change) =>
      cache
        .invalidateAfter(userId, change, (error) => error.isAmbiguous)
        .pipe(Effect.ensuring(onChange(userId)), traced(operation, userId))
  }
}
