import type { UserId } from "@effect-tink/http/Ids"
import { TinkError } from "@effect-tink/http/TinkError"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import { CreatedUser } from "../CreatedUser.js"
import type { User } from "../User.js"
import type { EnsureUserInput, UserOperations } from "../UserOperations.js"
import type { UserProfile } from "../UserProfile.js"
import type { UserSession } from "../UserSession.js"
import { type Read, traced } from "./access.js"
import * as Input from "./input.js"
import { findUserId, userIdOf } from "./minting.js"
import type { Parts } from "./operations.js"
import { afterChange, checkUser } from "./ownership.js"
import * as Requests from "./userRequests.js"

/** The requests that name a user, or go out with a token of one. */
const routesOfUser: ReadonlySet<string | undefined> = new Set([
  "/api/v1/oauth/authorization-grant",
  "/api/v1/user",
  "/api/v1/user/delete"
])

/** A 404 of any other request on the way tells nothing of the user: it may be of a wrong base URL. */
const isGone = (error: TinkError): boolean => error.reason === "NotFound" && routesOfUser.has(error.route)

/** How often a user is looked for and created before the last failure is passed on. */
const maxRounds = 3

type Target = Parameters<UserOperations["deleteUser"]>[0]

/** What has scopes is meant to be a session, and is treated as one, so that a forged one is refused. */
const isReference = (target: Target): target is Exclude<Target, UserSession<"user:delete">> =>
  typeof target === "object" && target !== null && target.scopes === undefined

export const make = ({ access, http, userTokens }: Parts): UserOperations => {
  const create = Requests.createUser

  /**
   * Never sends a creation again before it has looked for what the one before has done. Whoever creates the user in
   * between makes ours a `Conflict`, so that there is never a second one. A failure says when one of the creations may have
   * been processed.
   */
  const ensure = (
    input: EnsureUserInput,
    round: number,
    mayHaveCreated: boolean
  ): Effect.Effect<CreatedUser, TinkError> => {
    const { externalUserId } = input
    const find = Effect.map(
      findUserId(http, "ensureUser", externalUserId),
      (userId) => new CreatedUser({ userId, externalUserId })
    )
    return Effect.catchAll(http.request(create("ensureUser", input)), (error) => {
      const isAmbiguous = mayHaveCreated || error.isAmbiguous
      const fail = (last: TinkError) => Effect.fail(new TinkError({ ...last, isAmbiguous }))
      if (error.reason !== "Conflict" && !error.isAmbiguous) return fail(error)
      return Effect.catchAll(find, (failure) => {
        if (!isGone(failure)) return fail(failure)
        // Looking comes before creating, so that the whole can be repeated although a creation cannot.
        return round < maxRounds
          ? ensure(input, round + 1, isAmbiguous)
          : fail(new TinkError({ ...error, isRetryable: true }))
      })
    })
  }

  const remove = (userId: UserId, tokens: TokenSource) =>
    access
      .mutate(
        userId,
        "deleteUser",
        // No user to grant access to, or none to delete: that is what was wanted.
        Effect.catchIf(http.request(Requests.deleteUser(tokens)), isGone, () => Effect.void)
      )
      .pipe(Effect.ensuring(Effect.sync(() => userTokens.forget(userId))))

  const readUser: Read<User> = {
    operation: "getUser",
    scope: "user:read",
    request: Requests.getUser,
    check: checkUser("getUser")
  }

  const readProfile: Read<UserProfile> = {
    operation: "getProfile",
    scope: "user:read",
    request: Requests.getProfile,
    // A profile does not say whose it is.
    check: () => Effect.void
  }

  return {
    createUser: (input) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkCreateUser("createUser", input), () => http.request(create("createUser", input)))
      ).pipe(traced("createUser")),

    ensureUser: (input) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkEnsureUser("ensureUser", input), () => ensure(input, 1, false))
      ).pipe(traced("ensureUser")),

    getUser: (session, options) => access.read(session, readUser, options),

    updateUser: (session, input) =>
      Effect.gen(function* () {
        const { tokens, userId } = yield* access.open("updateUser", session, "user:write")
        yield* Input.checkUpdateUser("updateUser", input)
        const update = Effect.suspend(() => http.request(Requests.updateUser(tokens(), userId, input))).pipe(
          Effect.tap((user) => afterChange(checkUser("updateUser")(user, userId)))
        )
        return yield* access.mutate(userId, "updateUser", update)
      }),

    getProfile: (session, options) => access.read(session, readProfile, options),

    updateProfile: (session, profile) =>
      Effect.gen(function* () {
        const { tokens, userId } = yield* access.open("updateProfile", session, "user:write")
        yield* Input.checkProfile("updateProfile", profile)
        const update = Effect.suspend(() => http.request(Requests.updateProfile(tokens(), profile)))
        return yield* access.mutate(userId, "updateProfile", update)
      }),

    deleteUser: (target) =>
      Effect.gen(function* () {
        if (!isReference(target)) {
          const opened = yield* access.open("deleteUser", target, "user:delete")
          return yield* remove(opened.userId, opened.tokens())
        }
        yield* Input.checkReference("deleteUser", target)
        const userId = yield* Effect.asSome(userIdOf(http, "deleteUser", target)).pipe(
          Effect.catchIf(isGone, () => Effect.succeedNone)
        )
        if (userId._tag === "Some") yield* remove(userId.value, userTokens.of(userId.value, ["user:delete"]))
      })
  }
}
