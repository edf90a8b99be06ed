import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { readOr } from "@effect-tink/http/InputRules"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import { constVoid } from "effect/Function"
import * as Inspectable from "effect/Inspectable"
import type * as Types from "effect/Types"

export const TypeId: unique symbol = Symbol.for("@effect-tink/users/UserSession")

/**
 * A user and what may be done for them. Where a scope is needed, a session with more scopes is accepted, and one without it
 * does not compile. A session never shows its token, however it is printed.
 */
export interface UserSession<in Scopes extends UserScope> {
  readonly [TypeId]: { readonly _Scopes: Types.Contravariant<Scopes> }
  readonly userId: UserId
  readonly scopes: ReadonlyArray<UserScope>
}

/**
 * What a session holds and never shows. The tokens of a renewable session come from the `Users` that made it; a static one has
 * one token. Two sessions of a user with the same identity may see what each other has read. It reveals nothing of the token.
 */
export type Held =
  | { readonly _tag: "Renewable"; readonly usersId: string; readonly identity: string }
  | { readonly _tag: "Static"; readonly tokens: TokenSource; readonly identity: string }

/** Why the session cannot be used. */
type Unusable = string

const notASession = "the session must come from Users.authorize or UserSession.make"

const otherCopy =
  "the session comes from another copy of @effect-tink/users: npm ls @effect-tink/users shows the copies, npm dedupe removes them"

/** The private field keeps the secrets from everything that prints, copies or serializes a session. */
class UserSessionImpl<in Scopes extends UserScope> extends Inspectable.Class implements UserSession<Scopes> {
  readonly [TypeId] = { _Scopes: constVoid }
  readonly #held: Held | Unusable
  readonly userId: UserId
  readonly scopes: ReadonlyArray<UserScope>

  constructor(userId: UserId, scopes: ReadonlyArray<UserScope>, held: Held | Unusable) {
    super()
    this.userId = userId
    this.scopes = Object.freeze(Array.isArray(scopes) ? [...scopes] : [])
    this.#held = held
    // The user must stay the one whose token it holds.
    Object.freeze(this)
  }

  toJSON() {
    return { _id: "@effect-tink/users/UserSession", userId: this.userId, scopes: this.scopes }
  }

  /** Not `instanceof`, which would accept an object that inherits from a session. */
  static heldBy(session: unknown): Held | Unusable {
    return readOr(() => UserSessionImpl.#read(session), notASession)
  }

  static #read(session: unknown): Held | Unusable {
    if (typeof session !== "object" || session === null) return notASession
    if (#held in session) return session.#held
    // A spread session has no methods, and one that inherits is an instance.
    const isForeign = TypeId in session && "toJSON" in session && !(session instanceof UserSessionImpl)
    return isForeign ? otherCopy : notASession
  }
}

// The class can make sessions and unwrap them, so it must not be reachable from a session.
Reflect.deleteProperty(UserSessionImpl.prototype, "constructor")

export const makeSession = <Scopes extends UserScope>(
  userId: UserId,
  scopes: ReadonlyArray<UserScope>,
  held: Held | Unusable
): UserSession<Scopes> => new UserSessionImpl<Scopes>(userId, scopes, held)

export const unwrapSession = (session: unknown): Held | Unusable => UserSessionImpl.heldBy(session)
