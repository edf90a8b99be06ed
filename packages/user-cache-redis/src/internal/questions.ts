/**
 * Questions to the store. One is in flight at a time, for all users together. A read that comes meanwhile waits for the
 * next one, so every question is sent after the reads that it answers began.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type { Service, StoreError, Validation } from "../InvalidationStore.js"
import { type Moment, now } from "./elapsed.js"

/** What the store answered, and to which question. */
export interface Answer extends Validation {
  readonly sentAt: Moment
  readonly order: number
}

interface Question {
  readonly userIds: Set<string>
  readonly answers: Deferred.Deferred<ReadonlyMap<string, Answer>, StoreError>
}

const makeQuestion = (): Question => ({ userIds: new Set(), answers: Deferred.unsafeMake(FiberId.none) })

export const makeQuestions = (validate: Service["validate"]) =>
  Effect.gen(function* () {
    const latch = yield* Effect.makeLatch(false)
    let next = makeQuestion()
    let order = 0
    let isClosed = false

    const send = (question: Question) =>
      Effect.flatMap(Clock.clockWith(Effect.succeed), (clock) => {
        const sent = { sentAt: now(clock), order: ++order }
        const userIds = [...question.userIds]
        return Effect.map(validate(userIds), (validations) => {
          const answers = new Map<string, Answer>()
          validations.forEach((validation, index) => answers.set(userIds[index] ?? "", { ...validation, ...sent }))
          return answers
        })
      })

    const takeNext = Effect.sync(() => {
      latch.unsafeClose()
      const question = next
      next = makeQuestion()
      return question
    })

    const round = latch.await.pipe(
      // Readers that come in the same tick share the question.
      Effect.andThen(Effect.yieldNow()),
      Effect.andThen(takeNext),
      Effect.flatMap((question) => Effect.onExit(send(question), (exit) => Deferred.done(question.answers, exit))),
      Effect.exit
    )
    // A reader that waits when the cache closes must not wait for ever.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        isClosed = true
        return Deferred.interrupt(next.answers)
      })
    )
    yield* Effect.forkScoped(Effect.forever(round))

    return (userId: string): Effect.Effect<Answer | undefined> =>
      Effect.suspend(() => {
        if (isClosed) return Effect.succeed(undefined)
        const { answers } = next
        next.userIds.add(userId)
        latch.unsafeOpen()
        return Effect.map(Effect.exit(Deferred.await(answers)), (exit) =>
          Exit.isSuccess(exit) ? exit.value.get(userId) : undefined
        )
      })
  })
