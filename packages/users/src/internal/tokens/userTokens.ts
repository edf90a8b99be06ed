import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TokenSource } from "@effect-tink/http/TokenSource"

/** The access tokens of users: one source for each user and set of scopes. */
export interface UserTokens {
  /** The scopes are sorted, each once. */
  readonly of: (userId: UserId, scopes: ReadonlyArray<UserScope>) => TokenSource
  /** Drops all tokens of a user. */
  readonly forget: (userId: UserId) => void
}

/**
 * Holds at most `capacity` sources and drops those of the least recently used users. A session whose source was dropped gets a
 * new one, which issues a token when it is used.
 */
export const makeUserTokens = (options: {
  readonly capacity: number
  readonly makeSource: (userId: UserId, scopes: ReadonlyArray<UserScope>) => TokenSource
}): UserTokens => {
  /** A map keeps the order of insertion: the least recently used user is the first. */
  const users = new Map<UserId, Map<string, TokenSource>>()
  let size = 0

  const forget = (userId: UserId): void => {
    size -= users.get(userId)?.size ?? 0
    users.delete(userId)
  }

  const touch = (userId: UserId): Map<string, TokenSource> => {
    const sources = users.get(userId) ?? new Map<string, TokenSource>()
    users.delete(userId)
    users.set(userId, sources)
    return sources
  }

  const makeRoom = (): void => {
    for (const userId of users.keys()) {
      if (size <= options.capacity) return
      forget(userId)
    }
  }

  return {
    forget,
    of: (userId, scopes) => {
      const sources = touch(userId)
      const key = scopes.join(",")
      const known = sources.get(key)
      if (known !== undefined) return known
      const made = options.makeSource(userId, scopes)
      sources.set(key, made)
      size += 1
      makeRoom()
      return made
    }
  }
}
