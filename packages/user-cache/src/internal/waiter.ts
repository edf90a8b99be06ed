import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/** One reader of an in-flight lookup. Not one `Deferred` for all readers: its `await` masks interruption for each of them. */
export class Waiter {
  private exit: Exit.Exit<unknown, unknown> | undefined = undefined
  private resume: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined = undefined

  /** Runs once. A waiter that was interrupted is not resumed. */
  readonly result = Effect.async<unknown, unknown>((resume) => {
    if (this.exit === undefined) this.resume = resume
    else resume(this.exit)
  })

  done(exit: Exit.Exit<unknown, unknown>): void {
    this.exit = exit
    this.resume?.(exit)
  }
}
