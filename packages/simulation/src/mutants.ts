/**
 * Broken variants of the library. The simulation must find each of them. A variant replaces a text in a source file while
 * the file is loaded, so the library knows nothing of it.
 */
import type { InvariantName } from "./invariants.js"

export interface Mutant {
  readonly name: string
  /** The promise of the library that it breaks. */
  readonly promise: string
  /** Below `packages`. */
  readonly file: string
  /** Must occur exactly once in the file. */
  readonly text: string
  readonly replacement: string
  /** One of these invariants must be seen to break. */
  readonly breaks: readonly [InvariantName, ...ReadonlyArray<InvariantName>]
  /** A seed from which it is found within a few schedules. */
  readonly firstSeed: number
}

// Where the sources are: the only paths that follow a move.
const cacheEngine = "user-cache/src/internal/userCache.ts"
const failures = "http/src/internal/failures.ts"
const call = "http/src/internal/call.ts"
const access = "users/src/internal/requests/access.ts"
const authorize = "users/src/internal/operations/authorize.ts"
const userTokens = "users/src/internal/tokens/userTokens.ts"
const ensureUser = "users/src/internal/operations/ensureUser.ts"
const deleteUser = "users/src/internal/operations/deleteUser.ts"

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "invalidation only on success",
    promise: "A change invalidates its user even when it fails.",
    file: cacheEngine,
    text: "Effect.onExit(mutation, (exit) =>",
    replacement: "Effect.onExit(mutation, (exit) => Exit.isFailure(exit) ? Effect.void :",
    breaks: ["never stale", "fresh after invalidation"],
    firstSeed: 11
  },
  {
    name: "no quarantine",
    promise: "After an ambiguous change nothing is stored for the user for a while.",
    file: cacheEngine,
    text: "if (quarantine.includes(userId, at.monotonic))",
    replacement: "if (false)",
    breaks: ["never stale", "quarantine"],
    firstSeed: 23
  },
  {
    name: "a late result stored",
    promise: "A lookup in flight when its user is invalidated is never stored.",
    file: cacheEngine,
    text: "isCurrent(pending) && isFresh(pending, at)",
    replacement: "isFresh(pending, at)",
    breaks: ["never stale", "fresh after invalidation"],
    firstSeed: 9
  },
  {
    name: "age counted from completion",
    promise: "The age of a value counts from when its request was sent.",
    file: cacheEngine,
    text: "if (isUsable) store(pending, exit.value)",
    replacement: "if (isUsable) store({ ...pending, startedAt: at }, exit.value)",
    breaks: ["time to live"],
    firstSeed: 11
  },
  {
    name: "a caller's interruption spread to others",
    promise: "A caller that gives up does not interrupt the other waiters.",
    file: cacheEngine,
    text: "if (pending.waiters.size > 0 || pending.fiber === undefined)",
    replacement: "if (pending.fiber === undefined)",
    breaks: ["undisturbed"],
    firstSeed: 1
  },
  {
    name: "an entry leaked at eviction",
    promise: "An evicted value is gone from the cache, and not only from the order of eviction.",
    file: cacheEngine,
    text: "drop(recency.oldest)",
    replacement: "forgetEntry(recency.oldest)",
    breaks: ["bounded"],
    firstSeed: 27
  },
  {
    name: "no eviction",
    promise: "The capacity bounds the entries of all users.",
    file: cacheEngine,
    text: "if (recency.size > options.capacity && recency.oldest !== undefined)",
    replacement: "if (false)",
    breaks: ["bounded"],
    firstSeed: 3
  },
  {
    name: "a pending lookup joined past its time to live",
    promise: "A pending lookup is joined only within its time to live.",
    file: cacheEngine,
    text: "if (slot === undefined || isFresh(slot, at)) return slot",
    replacement: 'if (slot === undefined || slot._tag === "PendingLookup" || isFresh(slot, at)) return slot',
    breaks: ["time to live"],
    firstSeed: 8
  },
  {
    name: "an abandoned lookup left running",
    promise: "A lookup without waiters is interrupted.",
    file: cacheEngine,
    text: "return Fiber.interrupt(pending.fiber)",
    replacement: "return Effect.never",
    breaks: ["nothing remains", "deadline"],
    firstSeed: 16
  },
  {
    name: "retry of a processed POST",
    promise: "A POST that may have been processed is not sent again.",
    file: failures,
    text: '(progress === "not processed" || isIdempotent(attempt.request))',
    replacement: "true",
    breaks: ["applied once", "never sent again"],
    firstSeed: 2
  },
  {
    name: "an ambiguous failure called certain",
    promise: "A failure that may have been applied is ambiguous.",
    file: failures,
    text: 'isAmbiguous: progress === "maybe processed" && !isSafe(attempt.request)',
    replacement: "isAmbiguous: false",
    breaks: ["honest failures", "never stale"],
    firstSeed: 2
  },
  {
    name: "a DELETE retried into a 404 reported as failure",
    promise: "A deletion whose retry finds 404 after an ambiguous attempt has succeeded.",
    file: call,
    text: 'request.method === "DELETE" && error.reason === "NotFound"',
    replacement: "false",
    breaks: ["deleted is deleted"],
    firstSeed: 14
  },
  {
    name: "the app token kept after 401",
    promise: "A token that was refused with 401 is replaced.",
    file: call,
    text: "yield* source.invalidate(token)",
    replacement: "",
    breaks: ["refused tokens"],
    firstSeed: 3
  },
  {
    name: "the ambiguity of an earlier attempt forgotten",
    promise: "An ambiguous attempt makes the whole call ambiguous.",
    file: call,
    text: "mayHaveBeenApplied && !error.isAmbiguous ?",
    replacement: "false ?",
    breaks: ["honest failures", "never stale"],
    firstSeed: 12
  },
  {
    name: "retries without a deadline",
    promise: "The deadline bounds all attempts together.",
    file: call,
    text: "Math.max(0, Duration.toMillis(config.deadline) - elapsed())",
    replacement: "Number.MAX_SAFE_INTEGER",
    breaks: ["deadline"],
    firstSeed: 21
  },
  {
    name: "cache key without the user",
    promise: "A value is served only to sessions of its user.",
    file: access,
    text: "cache.get(session.userId,",
    replacement: 'cache.get("",',
    breaks: ["never shared"],
    firstSeed: 5
  },
  {
    name: "cache key without the token",
    promise: "A value of a static session is served only to sessions with the same token.",
    file: access,
    text: "identity: held.identity",
    replacement: 'identity: held._tag === "Static" ? "static" : held.identity',
    breaks: ["never shared"],
    firstSeed: 3
  },
  {
    name: "cache key without the scopes",
    promise: "A value of a renewable session is served only to sessions with the same scopes.",
    file: authorize,
    text: 'identity: scopes.join(",")',
    replacement: 'identity: ""',
    breaks: ["never shared"],
    firstSeed: 25
  },
  {
    name: "tokens kept without their user",
    promise: "A token is used only for its user.",
    file: userTokens,
    text: "users.get(userId) ?? new Map",
    replacement: "[...users.values()][0] ?? new Map",
    breaks: ["own token"],
    firstSeed: 3
  },
  {
    name: "tokens kept without their scopes",
    promise: "A token is used only for its scopes.",
    file: userTokens,
    text: 'const key = scopes.join(",")',
    replacement: 'const key = ""',
    breaks: ["own token", "never shared"],
    firstSeed: 2
  },
  {
    name: "a token for each use",
    promise: "A token is used again while it is valid.",
    file: userTokens,
    text: "if (known !== undefined) return known",
    replacement: "if (known !== undefined) size -= 1",
    breaks: ["one token"],
    firstSeed: 1
  },
  {
    name: "tokens kept after their user's deletion",
    promise: "The tokens of a deleted user are forgotten.",
    file: deleteUser,
    text: "userTokens.forget(userId)",
    replacement: "undefined",
    breaks: ["forgotten tokens"],
    firstSeed: 2
  },
  {
    name: "ensureUser creates again without looking",
    promise: "`ensureUser` looks for the user before it creates again.",
    file: ensureUser,
    text: "return Effect.catchAll(find(externalUserId), (failure) => {",
    replacement:
      "return Effect.catchAll(error.isAmbiguous && round < maxRounds ? ensure(externalUserId, create, round + 1, true) : find(externalUserId), (failure) => {",
    breaks: ["one user"],
    firstSeed: 2
  },
  {
    name: "ensureUser forgets that it may have created",
    promise: "`ensureUser` is ambiguous when it may have created the user.",
    file: ensureUser,
    text: "const isAmbiguous = mayHaveCreated || error.isAmbiguous",
    replacement: "const isAmbiguous = false",
    breaks: ["honest failures"],
    firstSeed: 9
  },
  {
    name: "deleting a user who is gone fails",
    promise: "Deleting a user who is gone succeeds.",
    file: deleteUser,
    text: "Effect.catchIf(request, isUserGone,",
    replacement: "Effect.catchIf(request, () => false,",
    breaks: ["deleted is deleted"],
    firstSeed: 6
  }
]
