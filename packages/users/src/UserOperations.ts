/**
 * What can be done with users themselves.
 *
 * @since 0.1.0
 */
import type { TinkError } from "@effect-tink/http/TinkError"
import type * as Effect from "effect/Effect"
import type { CreatedUser } from "./CreatedUser.js"
import type { ReadOptions } from "./ReadOptions.js"
import type { User } from "./User.js"
import type { UserProfile } from "./UserProfile.js"
import type { UserReference } from "./UserReference.js"
import type { UserSession } from "./UserSession.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface CreateUserInput {
  /** The user's country: two capital letters, ISO 3166-1. */
  readonly market: string
  /** The language in which Tink addresses the user, like `sv_SE`. The market's own by default. */
  readonly locale?: string | undefined
  /** The application's id for the user: unique in the application, best of `a-z 0-9 -`, and nothing personal. */
  readonly externalUserId?: string | undefined
  /** Beta. A temporary user is deleted by Tink after 24 hours. The setting of the Tink app by default. */
  readonly retentionClass?: "permanent" | "temporary" | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface EnsureUserInput extends CreateUserInput {
  readonly externalUserId: string
}

/**
 * What to change of a user: at least one of these.
 *
 * @since 0.1.0
 * @category models
 */
export interface UpdateUserInput {
  /** The application's id for the user. What is known by the old one is no longer found by it. */
  readonly externalUserId?: string | undefined
  readonly username?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface UserOperations {
  /**
   * Creates a user (`POST /api/v1/user/create`, `tink-api.md` 3). Uses the application's token: the Tink app needs the
   * scope `user:create`. Not cached.
   *
   * Fails with `Conflict` when the external id is taken, and with `Invalid` when Tink does not take the market or the
   * locale. It is not sent again when it may have been processed: an error with `isAmbiguous` means that the user may
   * exist.
   *
   * @example
   * ```ts
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const program = Effect.gen(function* () {
   *   const users = yield* Users.Users
   *   return yield* users.createUser({ market: "SE", locale: "sv_SE", externalUserId: "cust-0001" })
   * })
   * ```
   */
  readonly createUser: (input: CreateUserInput) => Effect.Effect<CreatedUser, TinkError>

  /**
   * The user with an external id, who is created unless they exist: however often and by however many it is called, and
   * whatever fails in between, there is exactly one in the end. Uses the application's token: the Tink app needs the scopes
   * `user:create`, `authorization:grant` and, to find a user who exists, `user:read` (`tink-api.md` 2, 3 and 5.1).
   *
   * A user who exists is left as they are, whatever market and locale were asked for. A creation with an ambiguous outcome
   * is sent again only when the user is looked for and not there. Not cached.
   *
   * @example
   * ```ts
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const signUp = (customerId: string) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const { userId } = yield* users.ensureUser({ externalUserId: customerId, market: "SE" })
   *     return userId
   *   })
   * ```
   */
  readonly ensureUser: (input: EnsureUserInput) => Effect.Effect<CreatedUser, TinkError>

  /**
   * What Tink knows of the user (`GET /api/v1/user`, `tink-api.md` 5.1). Needs a session with `user:read`. Cached for the
   * cache's time to live, and until the user is changed through this library.
   *
   * Fails with `Invalid` when Tink answers with another user than the session says.
   *
   * @example
   * ```ts
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const customerOf = (session: UserSession<"user:read">) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const { externalUserId } = yield* users.getUser(session)
   *     return externalUserId
   *   })
   * ```
   */
  readonly getUser: (session: UserSession<"user:read">, options?: ReadOptions) => Effect.Effect<User, TinkError>

  /**
   * Changes the names of the user (`PATCH /api/v1/user`, `tink-api.md` 5.2), and invalidates what is cached of them; what is
   * not given stays as it is. Needs a session with `user:write`. It is sent again when it may have been processed, as the
   * same names once more change nothing.
   *
   * Fails with `Invalid` when Tink does not take a name, or answers with another user than the session says.
   *
   * @example
   * ```ts
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const rename = (session: UserSession<"user:write">, externalUserId: string) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     return yield* users.updateUser(session, { externalUserId })
   *   })
   * ```
   */
  readonly updateUser: (session: UserSession<"user:write">, input: UpdateUserInput) => Effect.Effect<User, TinkError>

  /**
   * The profile of the user (`GET /api/v1/user/profile`, `tink-api.md` 5.2), which `getUser` has as well. Needs a session with
   * `user:read`. Cached as `getUser` is. A profile does not say whose it is, so that a session whose token is another
   * user's is not noticed.
   *
   * @example
   * ```ts
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const languageOf = (session: UserSession<"user:read">) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const { locale } = yield* users.getProfile(session)
   *     return locale
   *   })
   * ```
   */
  readonly getProfile: (
    session: UserSession<"user:read">,
    options?: ReadOptions
  ) => Effect.Effect<UserProfile, TinkError>

  /**
   * Replaces the profile of the user as a whole (`PUT /api/v1/user/profile`, `tink-api.md` 5.2), and invalidates what is
   * cached of them: read it past the cache, change it, and put all of it back. Tink changes `locale`, `timeZone`,
   * `periodMode`, `periodAdjustedDay` and `notificationSettings`. Needs a session with `user:write`. Fails with `Invalid`
   * when Tink does not take it.
   *
   * A change that another process makes between the reading and the replacing is lost.
   *
   * @example
   * ```ts
   * import type { UserSession } from "@effect-tink/users/UserSession"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const speakSwedish = (session: UserSession<"user:read" | "user:write">) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     const profile = yield* users.getProfile(session, { bypassCache: true })
   *     return yield* users.updateProfile(session, { ...profile, locale: "sv_SE" })
   *   })
   * ```
   */
  readonly updateProfile: (
    session: UserSession<"user:write">,
    profile: UserProfile
  ) => Effect.Effect<UserProfile, TinkError>

  /**
   * Deletes a user for good, with their consents, accounts and transactions (`POST /api/v1/user/delete`, `tink-api.md` 4).
   * Takes the id that Tink or the application gave, and then authorizes itself, for which the Tink app needs
   * `authorization:grant` and `user:delete`, and to find a user by `externalUserId` also `user:read`; or takes a session
   * with `user:delete`.
   *
   * Succeeds as well when there is no such user any more. No token of the user is kept and no answer about them is used
   * again. It is sent again when it may have been processed, as that deletes nobody else.
   *
   * @example
   * ```ts
   * import type * as Ids from "@effect-tink/http/Ids"
   * import * as Users from "@effect-tink/users/Users"
   * import * as Effect from "effect/Effect"
   *
   * export const forget = (userId: Ids.UserId) =>
   *   Effect.gen(function* () {
   *     const users = yield* Users.Users
   *     yield* users.deleteUser({ userId })
   *   })
   * ```
   */
  readonly deleteUser: (
    // A session is no reference: one without the scope must not pass for the user that it names.
    user: UserSession<"user:delete"> | (UserReference & { readonly scopes?: undefined })
  ) => Effect.Effect<void, TinkError>
}
