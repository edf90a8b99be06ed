/**
 * Broken variants of the library, each of which the simulation must tell from the real one. They are made by replacing a
 * text in a source file as it is loaded, so the product knows nothing of them.
 */
import type { InvariantName } from "./invariants.js"

export interface Mutant {
  readonly name: string
  /** Below `packages`. */
  readonly file: string
  /** What to replace: it must occur exactly once in the file. */
  readonly text: string
  readonly replacement: string
  /** The promises of which at least one must be seen to be broken. */
  readonly breaks: readonly [InvariantName, ...ReadonlyArray<InvariantName>]
  /** A seed at which, or soon after which, it is found. */
  readonly firstSeed: number
}

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "invalidation only on success",
    file: "user-cache/src/internal/userCache.ts",
    text: "Effect.onExit(mutation, (exit) =>",
    replacement: "Effect.onExit(mutation, (exit) => Exit.isFailure(exit) ? Effect.void :",
    breaks: ["never stale", "fresh after invalidation"],
    firstSeed: 11
  },
  {
    name: "no quarantine",
    file: "user-cache/src/internal/userCache.ts",
    text: "if (quarantine.includes(userId, at.monotonic))",
    replacement: "if (false)",
    breaks: ["never stale", "quarantine"],
    firstSeed: 23
  },
  {
    name: "late result stored",
    file: "user-cache/src/internal/userCache.ts",
    text: "isCurrent(pending) && isFresh(pending, at)",
    replacement: "isFresh(pending, at)",
    breaks: ["never stale", "fresh after invalidation"],
    firstSeed: 9
  },
  {
    name: "cache key without user",
    file: "users/src/internal/access.ts",
    text: "cache.get(right.userId,",
    replacement: 'cache.get("",',
    breaks: ["never shared"],
    firstSeed: 5
  },
  {
    name: "cache key without token",
    file: "users/src/internal/access.ts",
    text: "`${users} ${secrets.identity}`",
    replacement: '`${users} ${secrets.identity.replace(/^token:.*/, "token")}`',
    breaks: ["never shared"],
    firstSeed: 3
  },
  {
    name: "cache key without scope set",
    file: "users/src/internal/authorizationOperations.ts",
    text: '`minted:${scopes.join(",")}`',
    replacement: '"minted"',
    breaks: ["never shared"],
    firstSeed: 25
  },
  {
    name: "age counted from completion",
    file: "user-cache/src/internal/userCache.ts",
    text: "if (isUsable) store(pending, exit.value)",
    replacement: "if (isUsable) store({ ...pending, startedAt: at }, exit.value)",
    breaks: ["time to live"],
    firstSeed: 11
  },
  {
    name: "a caller's interruption spread to others",
    file: "user-cache/src/internal/userCache.ts",
    text: "if (pending.waiters > 0 || pending.fiber === undefined)",
    replacement: "if (pending.fiber === undefined)",
    breaks: ["undisturbed"],
    firstSeed: 1
  },
  {
    name: "retry of a processed POST",
    file: "http/src/internal/failures.ts",
    text: '(progress === "not processed" || isIdempotent(attempt.request))',
    replacement: "true",
    breaks: ["applied once", "never sent again"],
    firstSeed: 2
  },
  {
    name: "a DELETE retried into a 404 reported as failure",
    file: "http/src/internal/call.ts",
    text: 'request.method === "DELETE" && error.reason === "NotFound"',
    replacement: "false",
    breaks: ["deleted is deleted"],
    firstSeed: 14
  },
  {
    name: "the app token kept after 401",
    file: "http/src/internal/call.ts",
    text: "yield* source.invalidate(token)",
    replacement: "",
    breaks: ["refused tokens"],
    firstSeed: 3
  },
  {
    name: "an entry leaked at eviction",
    file: "user-cache/src/internal/userCache.ts",
    text: "drop(recency.oldest)",
    replacement: "forgetEntry(recency.oldest)",
    breaks: ["bounded"],
    firstSeed: 27
  },
  {
    name: "no eviction",
    file: "user-cache/src/internal/userCache.ts",
    text: "if (recency.size > options.capacity && recency.oldest !== undefined)",
    replacement: "if (false)",
    breaks: ["bounded"],
    firstSeed: 3
  },
  {
    name: "a pending lookup joined past its time to live",
    file: "user-cache/src/internal/userCache.ts",
    text: "if (slot === undefined || isFresh(slot, at)) return slot",
    replacement: 'if (slot === undefined || slot._tag === "PendingLookup" || isFresh(slot, at)) return slot',
    breaks: ["time to live"],
    firstSeed: 8
  },
  {
    name: "an abandoned lookup left running",
    file: "user-cache/src/internal/userCache.ts",
    text: "return Fiber.interrupt(pending.fiber)",
    replacement: "return Effect.never",
    breaks: ["nothing remains", "deadline"],
    firstSeed: 16
  },
  {
    name: "an ambiguous failure called certain",
    file: "http/src/internal/failures.ts",
    text: 'isAmbiguous: progress === "maybe processed" && !isSafe(attempt.request)',
    replacement: "isAmbiguous: false",
    breaks: ["honest failures", "never stale"],
    firstSeed: 2
  },
  {
    name: "the ambiguity of an earlier attempt forgotten",
    file: "http/src/internal/call.ts",
    text: "mayHaveBeenApplied && !error.isAmbiguous ?",
    replacement: "false ?",
    breaks: ["honest failures", "never stale"],
    firstSeed: 12
  },
  {
    name: "tokens kept without their user",
    file: "users/src/internal/userTokens.ts",
    text: "users.get(userId) ?? new Map",
    replacement: "[...users.values()][0] ?? new Map",
    breaks: ["own token"],
    firstSeed: 3
  },
  {
    name: "tokens kept without their scopes",
    file: "users/src/internal/userTokens.ts",
    text: 'const key = scopes.join(",")',
    replacement: 'const key = ""',
    breaks: ["own token", "never shared"],
    firstSeed: 2
  },
  {
    name: "a token for each use",
    file: "users/src/internal/userTokens.ts",
    text: "if (known !== undefined) return known",
    replacement: "if (known !== undefined) size -= 1",
    breaks: ["one token"],
    firstSeed: 1
  },
  {
    name: "tokens kept after their user's deletion",
    file: "users/src/internal/userOperations.ts",
    text: "userTokens.forget(userId)",
    replacement: "undefined",
    breaks: ["forgotten tokens"],
    firstSeed: 2
  },
  {
    name: "ensureUser creates again without a look",
    file: "users/src/internal/userOperations.ts",
    text: "return Effect.catchAll(find, (failure) => {",
    replacement:
      "return Effect.catchAll(error.isAmbiguous && round < maxRounds ? ensure(input, round + 1, true) : find, (failure) => {",
    breaks: ["one user"],
    firstSeed: 2
  },
  {
    name: "ensureUser forgets that it may have created",
    file: "users/src/internal/userOperations.ts",
    text: "const isAmbiguous = mayHaveCreated || error.isAmbiguous",
    replacement: "const isAmbiguous = false",
    breaks: ["honest failures"],
    firstSeed: 9
  },
  {
    name: "deleting who is gone a failure",
    file: "users/src/internal/userOperations.ts",
    text: "Effect.catchIf(http.request(Requests.deleteUser(tokens)), isGone,",
    replacement: "Effect.catchIf(http.request(Requests.deleteUser(tokens)), () => false,",
    breaks: ["deleted is deleted"],
    firstSeed: 6
  },
  {
    name: "retries without a deadline",
    file: "http/src/internal/call.ts",
    text: "Math.max(0, Duration.toMillis(config.deadline) - elapsed())",
    replacement: "Number.MAX_SAFE_INTEGER",
    breaks: ["deadline"],
    firstSeed: 21
  }
]
