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
  | { readonly _tag: "Minted"; readonly users: symbol; readonly identity: string }
  | { readonly _tag: "Bare"; readonly tokens: TokenSource; readonly identity: string }

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
