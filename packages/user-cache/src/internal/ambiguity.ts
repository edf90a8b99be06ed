import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"

/**
 * Whether a failed mutation was surely not applied: it failed with typed errors alone, and each of them says so.
 * After an interruption or a defect nobody knows how far the mutation got.
 */
export const isCertainFailure = <E>(cause: Cause.Cause<E>, isAmbiguous: (error: E) => boolean): boolean => {
  const errors = Cause.failures(cause)
  return (
    Chunk.isNonEmpty(errors) &&
    !Cause.isInterrupted(cause) &&
    Chunk.isEmpty(Cause.defects(cause)) &&
    !Chunk.some(errors, isAmbiguous)
  )
}
