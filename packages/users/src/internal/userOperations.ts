import type { UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import { CreatedUser } from "../CreatedUser.js"
import type { EnsureUserInput, UserOperations } from "../UserOperations.js"
import type { UserSession } from "../UserSession.js"
import { traced } from "./access.js"
import * as Input from "./input.js"
import { findUserId, userIdOf } from "./minting.js"
import type { Parts } from "./operations.js"
import * as Requests from "./userRequests.js"

const isGone = (error: TinkError): boolean => error.reason === "NotFound"

/** How often a user is looked for and created before the last failure is passed on. */
const maxRounds = 3

type Target = Parameters<UserOperations["deleteUser"]>[0]

/** What has scopes is meant to be a session, and is treated as one, so that a forged one is refused. */
const isReference = (target: Target): target is Exclude<Target, UserSession<"user:delete">> =>
  typeof target === "object" && target !== null && !("scopes" in target)

export const make = ({ access, http, userTokens }: Parts): UserOperations => {
  const create = Requests.createUser

  /**
   * Never sends a creation again before it has looked for what the one before has done. Whoever creates the user in
   * between makes ours a `Conflict`, so that there is never a second one.
   */
  const ensure = (input: EnsureUserInput, round: number): Effect.Effect<CreatedUser, TinkError> => {
    const { externalUserId } = input
    const find = Effect.map(
      findUserId(http, "ensureUser", externalUserId),
      (userId) => new CreatedUser({ userId, externalUserId })
    )
    return Effect.catchIf(
      http.request(create("ensureUser", input)),
      (error) => error.reason === "Conflict" || error.isAmbiguous,
      (error) => Effect.catchIf(find, isGone, () => (round < maxRounds ? ensure(input, round + 1) : Effect.fail(error)))
    )
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

  return {
    createUser: (input) =>
      Effect.suspend(() =>
        Effect.andThen(Input.checkCreateUser("createUser", input), () => http.request(create("createUser", input)))
      ).pipe(traced("createUser")),

    ensureUser: (input) =>
      Effect.suspend(() => Effect.andThen(Input.checkEnsureUser("ensureUser", input), () => ensure(input, 1))).pipe(
        traced("ensureUser")
      ),

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
