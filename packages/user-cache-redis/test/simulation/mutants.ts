/** Broken variants of the shared cache. Each must lead to a stale read. */
export interface Mutant {
  readonly name: string
  /** Below `packages`. */
  readonly file: string
  /** Must occur exactly once in the file. */
  readonly text: string
  readonly replacement: string
  /** A seed from which it is found soon. */
  readonly firstSeed: number
}

const engine = "user-cache-redis/src/internal/sharedCache.ts"
const questions = "user-cache-redis/src/internal/questions.ts"
const fake = "user-cache-redis/src/FakeInvalidationStore.ts"

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "no bypass while changing",
    file: engine,
    text: "validation !== undefined && !validation.isChanging",
    replacement: "validation !== undefined",
    firstSeed: 1
  },
  {
    name: "a lost mark trusted",
    file: engine,
    text: "told.value.wasMarked && change.markedAt !== undefined",
    replacement: "change.markedAt !== undefined",
    firstSeed: 125
  },
  {
    name: "no check of the server that wrote a record",
    file: fake,
    text: 'found.token === "" || found.server !== server',
    replacement: 'found.token === ""',
    firstSeed: 1
  },
  {
    name: "a question that was sent before the read began",
    file: questions,
    text: "  queue.next = undefined\n",
    replacement: "",
    firstSeed: 1
  },
  {
    name: "validatedAt taken from the answer",
    file: questions,
    text: "{ ...sent, validations }",
    replacement: "{ ...sent, sentAt: now(clock), validations }",
    firstSeed: 98
  },
  {
    name: "no wait for leases",
    file: engine,
    text: "settings.leaseMillis === 0 || Option.isNone(told)",
    replacement: "true",
    firstSeed: 1
  },
  {
    name: "no hold-back",
    file: engine,
    text: "Option.isSome(first) ? first",
    replacement: "true ? first",
    firstSeed: 1
  },
  {
    name: "an end that is not told",
    file: engine,
    text: "yield* end({ userId, changeId, markedAt, quarantineMillis })",
    replacement: "",
    firstSeed: 1
  },
  {
    name: "a new generation learned, and older entries kept",
    file: engine,
    text: "return Effect.flatMap(local.invalidate(userId), () =>",
    replacement: "return Effect.flatMap(Effect.void, () =>",
    firstSeed: 1
  },
  {
    name: "an advance over a change",
    file: engine,
    text: "found?.generation === previous",
    replacement: "found !== undefined",
    firstSeed: 1
  }
]
