/**
 * Questions to the store. For each server one is in flight at a time, for all of its users together. A read that comes
 * meanwhile waits for the next one, so every question is sent after the reads that it answers began.
 *
 * If a question fails, the reads that wait for the next one are not answered either: they have waited long enough.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"
import type { Service, Validation } from "../InvalidationStore.js"
import type { Calls } from "./calls.js"
import { type Moment, now } from "./elapsed.js"

/** What the store answered, and to which question. */
export interface Answer extends Validation {
  readonly sentAt: Moment
  readonly order: number
}

type Answers = ReadonlyMap<string, Answer>

interface Question {
  readonly userIds: Set<string>
  readonly answers: Deferred.Deferred<Answers>
}

interface Queue {
  readonly server: string
  /** The question that has not been sent. */
  next: Question | undefined
  /** Sends the questions, while there are any. */
  sender: Fiber.RuntimeFiber<void> | undefined
}

const noAnswers: Answers = new Map()

const makeQuestion = (): Question => ({ userIds: new Set(), answers: Deferred.unsafeMake(FiberId.none) })

const answer = (question: Question | undefined, answers: Answers): void => {
  if (question !== undefined) Deferred.unsafeDone(question.answers, Exit.succeed(answers))
}

export const makeQuestions = (store: Pick<Service, "serverOf" | "validate">, { call, isRefusing }: Calls) =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<never>()
    const queues = new Map<string, Queue>()
    let order = 0
    let isClosed = false

    const queueOf = (server: string): Queue => {
      const found = queues.get(server)
      if (found !== undefined) return found
      const queue: Queue = { server, next: undefined, sender: undefined }
      queues.set(server, queue)
      return queue
    }

    const takeNext = (queue: Queue): Question | undefined => {
      const question = queue.next
      queue.next = undefined
      return question
    }

    const ask = (server: string, question: Question): Effect.Effect<Answers> =>
      Effect.flatMap(Clock.clockWith(Effect.succeed), (clock) => {
        const sent = { sentAt: now(clock), order: ++order }
        const userIds = [...question.userIds]
        return Effect.match(call(server, "validate", store.validate(userIds)), {
          onFailure: () => noAnswers,
          onSuccess: (validations) => {
            const answers = new Map<string, Answer>()
            validations.forEach((validation, index) => answers.set(userIds[index] ?? "", { ...validation, ...sent }))
            return answers
          }
        })
      })

    /** Sends question after question, until none waits. */
    const sendAll = (queue: Queue): Effect.Effect<void> =>
      Effect.suspend(() => {
        const question = takeNext(queue)
        if (question === undefined) {
          queue.sender = undefined
          return Effect.void
        }
        return ask(queue.server, question).pipe(
          // Also when the cache is closed meanwhile.
          Effect.onExit((exit) =>
            Effect.sync(() => {
              const answers = Exit.isSuccess(exit) ? exit.value : noAnswers
              answer(question, answers)
              if (answers === noAnswers) answer(takeNext(queue), noAnswers)
            })
          ),
          Effect.andThen(sendAll(queue))
        )
      })

    // A reader that waits when the cache closes must not wait for ever.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        isClosed = true
        for (const queue of queues.values()) answer(takeNext(queue), noAnswers)
        const senders = Array.from(queues.values(), ({ sender }) => sender)
        return Fiber.interruptAll(senders.filter((sender) => sender !== undefined))
      })
    )

    return (userId: string): Effect.Effect<Answer | undefined> =>
      Effect.suspend(() => {
        const server = store.serverOf(userId)
        if (isClosed || isRefusing(server)) return Effect.succeed(undefined)
        const queue = queueOf(server)
        const question = (queue.next ??= makeQuestion())
        question.userIds.add(userId)
        // It starts later, so readers that come in the same tick share the question.
        queue.sender ??= Runtime.runFork(runtime, Effect.interruptible(sendAll(queue)), { immediate: false })
        return Effect.map(Deferred.await(question.answers), (answers) => answers.get(userId))
      })
  })
