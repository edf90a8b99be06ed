import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import { constVoid } from "effect/Function"
import * as Inspectable from "effect/Inspectable"
import type { UserSession } from "../UserSession.js"

export const TypeId: unique symbol = Symbol.for("@effect-tink/users/UserSession")

/** What a session holds and never shows. */
interface Secrets {
  readonly tokens: TokenSource
  /** Two sessions with the same identity (and user) may see what each other has read. */
  readonly identity: string
}

/** The private field keeps the secrets from everything that prints or serializes a session. */
export class UserSessionImpl<in Scopes extends UserScope> extends Inspectable.Class implements UserSession<Scopes> {
  readonly [TypeId] = { _Scopes: constVoid }
  readonly #secrets: Secrets
  readonly userId: UserId
  readonly scopes: ReadonlyArray<UserScope>

  constructor(userId: UserId, scopes: ReadonlyArray<UserScope>, secrets: Secrets) {
    super()
    this.userId = userId
    this.scopes = scopes
    this.#secrets = secrets
  }

  toJSON() {
    return { _id: "@effect-tink/users/UserSession", userId: this.userId, scopes: this.scopes }
  }

  static secretsOf(session: UserSession<never>): Secrets {
    if (session instanceof UserSessionImpl) return session.#secrets
    throw new TypeError("not a UserSession: use Users.authorize or UserSession.make")
  }
}
