/** The callers of the library, each in its own fiber. */
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Actors from "./actors.js"
import type { Harness } from "./harness.js"
import type * as History from "./history.js"
import { currentCall } from "./origin.js"
import type { Operation, Pause } from "./schedule.js"

export interface Callers {
  /** Starts a call, unless its numbers mean nothing yet. */
  readonly start: (id: number, operation: Operation, leave?: Pause) => void
  /** How many callers wait for an answer. */
  readonly waiting: () => number
}

const toEnding = (exit: Exit.Exit<Actors.Value, TinkError>): History.Ending => {
  if (Exit.isSuccess(exit)) return { _tag: "Success", ...exit.value }
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) {
    const { isAmbiguous, message, reason, route } = failure.value
    return { _tag: "Failure", reason, route, detail: message, isAmbiguous }
  }
  if (Cause.isInterruptedOnly(exit.cause)) return { _tag: "Interrupted" }
  return { _tag: "Defect", detail: Cause.pretty(exit.cause) }
}

export const make = ({ after, environment, fork, history }: Harness, actors: Actors.Actors): Callers => {
  let waiting = 0

  const leave = (call: History.Call, fiber: Fiber.RuntimeFiber<unknown, unknown>): void => {
    if (call.ended !== undefined) return
    call.left = history.point()
    fiber.unsafeInterruptAsFork(FiberId.none)
  }

  const begin = (id: number, operation: Operation, { session, userId }: Actors.Prepared): History.Call => {
    const call: History.Call = {
      id,
      operation,
      userId,
      session,
      started: history.point(),
      left: undefined,
      ended: undefined
    }
    history.calls.push(call)
    return call
  }

  return {
    start: (id, operation, whenToLeave) => {
      const prepared = Actors.prepare(environment, actors, operation)
      if (prepared === undefined) return
      const call = begin(id, operation, prepared)
      waiting += 1
      const fiber = fork(Effect.locally(prepared.effect, currentCall, id))
      fiber.addObserver((exit) => {
        waiting -= 1
        call.ended = { ...history.point(), ending: toEnding(exit) }
      })
      if (whenToLeave !== undefined) after(whenToLeave, () => leave(call, fiber))
    },
    waiting: () => waiting
  }
}
