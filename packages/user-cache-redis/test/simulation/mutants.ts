/** Broken variants of the shared cache. Each must lead to a stale read. */
interface Mutant {
  readonly name: string
  /** Below `packages`. */
  readonly file: string
  /** Must occur exactly once in the file. */
  readonly text: string
  readonly replacement: string
}

const engine = "user-cache-redis/src/internal/sharedCache.ts"
const questions = "user-cache-redis/src/internal/questions.ts"
const fake = "user-cache-redis/src/FakeInvalidationStore.ts"

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "no bypass while changing",
    file: engine,
    text: "answer !== undefined && !answer.isChanging",
    replacement: "answer !== undefined"
  },
  {
    name: "a lost mark trusted",
    file: engine,
    text: "told.value.wasMarked && change.markedAt !== undefined",
    replacement: "change.markedAt !== undefined"
  },
  {
    name: "no check of the server that wrote a record",
    file: fake,
    text: 'found.token === "" || found.server !== server',
    replacement: 'found.token === ""'
  },
  {
    name: "a question that was sent before the read began",
    file: questions,
    text: "Effect.flatMap((question) =>",
    replacement: "Effect.tap((question) => void (next = question)), Effect.flatMap((question) =>"
  },
  {
    name: "validatedAt taken from the answer",
    file: questions,
    text: "{ ...validation, ...sent }",
    replacement: "{ ...validation, ...sent, sentAt: now(clock) }"
  },
  {
    name: "no wait for leases",
    file: engine,
    text: "settings.leaseMillis === 0 || Option.isNone(told)",
    replacement: "true"
  },
  {
    name: "no hold-back",
    file: engine,
    text: "Option.isSome(first) || settings.holdBackMillis === 0",
    replacement: "true"
  },
  {
    name: "an end that is not told",
    file: engine,
    text: "yield* end({ userId, changeId, markedAt, quarantineMillis })",
    replacement: ""
  },
  {
    name: "a new generation learned, and older entries kept",
    file: engine,
    text: "return Effect.map(local.invalidate(userId), () =>",
    replacement: "return Effect.map(Effect.void, () =>"
  },
  {
    name: "an advance over a change",
    file: engine,
    text: "found?.generation === previous",
    replacement: "found !== undefined"
  }
]
