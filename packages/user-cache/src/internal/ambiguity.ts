import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Exit from "effect/Exit"

/**
 * Whether a failed mutation was certainly not applied: it failed only with typed errors, and none of them is ambiguous.
 * After an interruption or a defect it is unknown how far the mutation got.
 */
const isCertainFailure = <E>(cause: Cause.Cause<E>, isAmbiguous: (error: E) => boolean): boolean => {
  const errors = Cause.failures(cause)
  return (
    Chunk.isNonEmpty(errors) &&
    !Cause.isInterrupted(cause) &&
    Chunk.isEmpty(Cause.defects(cause)) &&
    !Chunk.some(errors, isAmbiguous)
  )
}

export const isAmbiguousExit = <A, E>(exit: Exit.Exit<A, E>, isAmbiguous: (error: E) => boolean): boolean =>
  Exit.isFailure(exit) && !isCertainFailure(exit.cause, isAmbiguous)
