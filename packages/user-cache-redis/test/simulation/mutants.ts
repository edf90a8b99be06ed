import type { PlanName } from "./play.js"

/** Broken variants of the shared cache. Each must lead to a stale read. */
export interface Mutant {
  readonly name: string
  /** Below `packages`. */
  readonly file: string
  /** Must occur exactly once in the file. */
  readonly text: string
  readonly replacement: string
  /** With which it is found soon. */
  readonly plan: PlanName
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
    plan: "leases"
  },
  {
    name: "a lost mark trusted",
    file: engine,
    text: "told.value.wasMarked && mark !== undefined",
    replacement: "mark !== undefined",
    plan: "restarts from a file"
  },
  {
    name: "a token not compared",
    file: fake,
    text: "record.marks.delete(changeId) && record.token === token",
    replacement: "record.marks.delete(changeId)",
    plan: "restarts from a file"
  },
  {
    name: "no check of the server that wrote a record",
    file: fake,
    text: 'found.token === "" || found.server !== server',
    replacement: 'found.token === ""',
    plan: "restarts from a file"
  },
  {
    name: "a question that was sent before the read began",
    file: questions,
    text: "  queue.next = undefined\n",
    replacement: "",
    plan: "slow answers"
  },
  {
    name: "validatedAt taken from the answer",
    file: questions,
    text: "{ ...sent, validations }",
    replacement: "{ ...sent, sentAt: now(clock), validations }",
    plan: "slow answers"
  },
  {
    name: "no wait for leases",
    file: engine,
    text: "settings.leaseMillis === 0 || Option.isNone(told)",
    replacement: "true",
    plan: "leases"
  },
  {
    name: "no hold-back",
    file: engine,
    text: "Option.isSome(first) ? first",
    replacement: "true ? first",
    plan: "anything"
  },
  {
    name: "an end that is not told",
    file: engine,
    text: "yield* end({ userId, changeId, mark, quarantineMillis })",
    replacement: "",
    plan: "restarts from a file"
  },
  {
    name: "a new generation learned, and older entries kept",
    file: engine,
    text: "return Effect.flatMap(local.invalidate(userId), () =>",
    replacement: "return Effect.flatMap(Effect.void, () =>",
    plan: "leases"
  },
  {
    name: "an advance over a change",
    file: engine,
    text: "found?.generation === previous",
    replacement: "found !== undefined",
    plan: "refreshes"
  },
  {
    name: "the age of an answer by the wall clock alone",
    file: "user-cache-redis/src/internal/elapsed.ts",
    text: "Math.max(to.wall - from.wall, to.monotonic - from.monotonic)",
    replacement: "to.wall - from.wall",
    plan: "clocks set back"
  },
  {
    name: "a wait for leases by the wall clock",
    file: engine,
    text: "now(clock).monotonic - from.monotonic)\n        return left",
    replacement: "now(clock).wall - from.wall)\n        return left",
    plan: "clocks set forward"
  },
  {
    name: "the age of a value by the wall clock alone",
    file: "user-cache/src/internal/moment.ts",
    text: "to.wall < from.wall ? Number.POSITIVE_INFINITY : Math.max(to.wall - from.wall, to.monotonic - from.monotonic)",
    replacement: "to.wall - from.wall",
    plan: "clocks set back, and a process cut off"
  }
]
