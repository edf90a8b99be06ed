/**
 * Questions to the store. For each server one is in flight at a time, for all of its users together. A read that comes
 * meanwhile waits for the next one, so every question is sent after the reads that it answers began.
 *
 * If a question fails, the reads that wait for the next one are not answered either: they have waited long enough.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Service, StoreError, type Validation } from "../InvalidationStore.js"
import type { Calls } from "./calls.js"
import { type Moment, now } from "./elapsed.js"

/** What the store answered to one question. */
export interface Answers {
  /** When the question was sent. */
  readonly sentAt: Moment
  /** The position of the question among those of this process. */
  readonly order: number
  /** The store's validations by user id. Empty if the store did not answer. */
  readonly validations: ReadonlyMap<string, Validation>
}

interface Question {
  readonly userIds: Set<string>
  /** Callbacks, not a `Deferred`: they take a third of its time. One of a reader that was interrupted does nothing. */
  readonly readers: Array<(answers: Effect.Effect<Answers>) => void>
}

interface Queue {
  readonly server: string
  /** The question that has not been sent. */
  next: Question | undefined
  isSending: boolean
  /** The question in flight. Not a function that stops it: that kept each question alive until a full garbage collection. */
  sent: Question | undefined
}

const noAnswers: Answers = { sentAt: { wall: 0, monotonic: 0 }, order: 0, validations: new Map() }

const makeQuestion = (): Question => ({ userIds: new Set(), readers: [] })

const answer = (question: Question | undefined, answers: Answers): void => {
  const answered = Effect.succeed(answers)
  question?.readers.forEach((resume) => resume(answered))
}

const takeNext = (queue: Queue): Question | undefined => {
  const question = queue.next
  queue.next = undefined
  return question
}

const takeSent = (queue: Queue): Question | undefined => {
  const question = queue.sent
  queue.sent = undefined
  return question
}

const answerNothing = (queue: Queue): void => {
  answer(takeSent(queue), noAnswers)
  answer(takeNext(queue), noAnswers)
}

export const makeQuestions = (options: {
  readonly store: Pick<Service, "serverOf" | "validate">
  readonly calls: Calls
  readonly clock: Clock.Clock
}) =>
  Effect.gen(function* () {
    const { calls, clock, store } = options
    const queues = new Map<string, Queue>()
    let order = 0
    let isClosed = false

    const queueOf = (server: string): Queue => {
      const found = queues.get(server)
      if (found !== undefined) return found
      const queue: Queue = { server, next: undefined, isSending: false, sent: undefined }
      queues.set(server, queue)
      return queue
    }

    const sendNext = (queue: Queue): void => {
      queue.isSending = true
      let sent = { sentAt: now(clock), order }
      let userIds: ReadonlyArray<string> = []
      // The call starts later than this, so readers that come in the same tick share the question.
      const effect = Effect.suspend(() => {
        const question = takeNext(queue)
        queue.sent = question
        sent = { sentAt: now(clock), order: ++order }
        userIds = [...(question?.userIds ?? [])]
        return store.validate(userIds)
      })
      const onEnd = (result: ReadonlyArray<Validation> | StoreError) => {
        queue.isSending = false
        if (result instanceof StoreError) return answerNothing(queue)
        const validations = new Map<string, Validation>()
        result.forEach((validation, index) => validations.set(userIds[index] ?? "", validation))
        answer(takeSent(queue), { ...sent, validations })
        if (queue.next !== undefined) sendNext(queue)
      }
      calls.start({ server: queue.server, operation: "validate", effect }, onEnd)
    }

    // The readers that wait when the cache closes are answered at once. The question in flight ends by itself.
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosed = true
        queues.forEach(answerNothing)
      })
    )

    /** The answers to a question about the user that is sent after the effect has begun. */
    return (userId: string): Effect.Effect<Answers> =>
      Effect.async<Answers>((resume) => {
        const server = store.serverOf(userId)
        if (isClosed || calls.isRefusing(server)) return resume(Effect.succeed(noAnswers))
        const queue = queueOf(server)
        const question = (queue.next ??= makeQuestion())
        question.userIds.add(userId)
        question.readers.push(resume)
        if (!queue.isSending) sendNext(queue)
      })
  })
