import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Inspectable from "effect/Inspectable"
import type { UserSession } from "../UserSession.js"

export const TypeId: unique symbol = Symbol.for("@effect-tink/users/UserSession")

/** What a session holds and never shows. */
export interface Secrets {
  readonly tokens: TokenSource
  /** Two sessions with the same identity (and user) may see what each other has read. It tells nothing of the token. */
  readonly identity: string
}

/** The private field keeps the secrets from everything that prints, copies or serializes a session. */
export class UserSessionImpl<in Scopes extends UserScope> extends Inspectable.Class implements UserSession<Scopes> {
  readonly [TypeId] = { _Scopes: constVoid }
  readonly #secrets: Secrets | string
  readonly userId: UserId
  readonly scopes: ReadonlyArray<UserScope>

  /** In place of secrets: why the session cannot be used. */
  constructor(userId: UserId, scopes: ReadonlyArray<UserScope>, secrets: Secrets | string) {
    super()
    this.userId = userId
    this.scopes = Object.freeze(Array.isArray(scopes) ? [...scopes] : [])
    this.#secrets = secrets
    // The user it is for must stay the user whose token it holds.
    Object.freeze(this)
  }

  toJSON() {
    return { _id: "@effect-tink/users/UserSession", userId: this.userId, scopes: this.scopes }
  }

  /** `instanceof` would take an heir of a session for one. */
  static secretsOf(session: unknown): Secrets | string {
    return typeof session === "object" && session !== null && #secrets in session
      ? session.#secrets
      : "the session must come from Users.authorize or UserSession.make"
  }
}

export const secretsOf = (operation: string, session: UserSession<never>): Effect.Effect<Secrets, TinkError> => {
  const secrets = UserSessionImpl.secretsOf(session)
  return typeof secrets === "string" ? Effect.fail(invalidInput(operation, secrets)) : Effect.succeed(secrets)
}
