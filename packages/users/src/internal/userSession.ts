import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import { constVoid } from "effect/Function"
import * as Inspectable from "effect/Inspectable"
import type { UserSession } from "../UserSession.js"

export const TypeId: unique symbol = Symbol.for("@effect-tink/users/UserSession")

/**
 * What a session holds and never shows: the one `Users` that mints its tokens, or a token. Two sessions with the same
 * identity (and user) may see what each other has read; it tells nothing of the token.
 */
export type Secrets =
  | { readonly _tag: "Minted"; readonly users: number; readonly identity: string }
  | { readonly _tag: "Bare"; readonly tokens: TokenSource; readonly identity: string }

/** In place of secrets: why the session cannot be used. */
type Held = Secrets | string

/** The private field keeps the secrets from everything that prints, copies or serializes a session. */
class UserSessionImpl<in Scopes extends UserScope> extends Inspectable.Class implements UserSession<Scopes> {
  readonly [TypeId] = { _Scopes: constVoid }
  readonly #held: Held
  readonly userId: UserId
  readonly scopes: ReadonlyArray<UserScope>

  constructor(userId: UserId, scopes: ReadonlyArray<UserScope>, held: Held) {
    super()
    this.userId = userId
    this.scopes = Object.freeze(Array.isArray(scopes) ? [...scopes] : [])
    this.#held = held
    // The user it is for must stay the user whose token it holds.
    Object.freeze(this)
  }

  toJSON() {
    return { _id: "@effect-tink/users/UserSession", userId: this.userId, scopes: this.scopes }
  }

  /** `instanceof` would take an heir of a session for one. */
  static heldBy(session: unknown): Held {
    return typeof session === "object" && session !== null && #held in session
      ? session.#held
      : "the session must come from Users.authorize or UserSession.make"
  }
}

// Whoever has a session must not get from it to the class, which can make others and tell what they hold.
Reflect.deleteProperty(UserSessionImpl.prototype, "constructor")

export const makeSession = <Scopes extends UserScope>(
  userId: UserId,
  scopes: ReadonlyArray<UserScope>,
  held: Held
): UserSession<Scopes> => new UserSessionImpl<Scopes>(userId, scopes, held)

export const secretsOf = (session: unknown): Held => UserSessionImpl.heldBy(session)
