/** The promises of the library, checked on a history. Adding one: a function in `invariants`, and a line here. */
import type { History } from "./history.js"
import { bounded, counters, oneLookup } from "./invariants/cache.js"
import { appliedOnce, deletedIsDeleted, honestFailures, neverSentAgain } from "./invariants/changes.js"
import type { Check } from "./invariants/check.js"
import { deadline, nothingRemains, undisturbed } from "./invariants/endings.js"
import { freshAfterInvalidation, neverShared, neverStale, quarantine, timeToLive } from "./invariants/reads.js"
import { forgottenTokens, oneToken, ownToken, refusedTokens } from "./invariants/tokens.js"
import { oneUser } from "./invariants/users.js"

/** In the order in which they are checked: the first that is broken is reported. */
const invariants = [
  ["never shared", neverShared],
  ["never stale", neverStale],
  ["quarantine", quarantine],
  ["fresh after invalidation", freshAfterInvalidation],
  ["time to live", timeToLive],
  ["undisturbed", undisturbed],
  ["applied once", appliedOnce],
  ["never sent again", neverSentAgain],
  ["deleted is deleted", deletedIsDeleted],
  ["honest failures", honestFailures],
  ["own token", ownToken],
  ["one user", oneUser],
  ["refused tokens", refusedTokens],
  ["forgotten tokens", forgottenTokens],
  ["one token", oneToken],
  ["nothing remains", nothingRemains],
  ["deadline", deadline],
  ["bounded", bounded],
  ["counters", counters],
  ["one lookup", oneLookup]
] as const satisfies ReadonlyArray<readonly [string, Check]>

export type InvariantName = (typeof invariants)[number][0]

export interface Violation {
  readonly invariant: InvariantName
  /** How it broke. */
  readonly text: string
  /** The calls that took part. */
  readonly calls: ReadonlyArray<number>
}

/** The first violation of each promise. */
export const violations = (history: History): ReadonlyArray<Violation> =>
  invariants.flatMap(([invariant, check]) => {
    const found = check(history)
    return found === undefined ? [] : [{ invariant, ...found }]
  })
