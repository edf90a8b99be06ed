/** Messages that one reader has not read yet. Far smaller than a `Mailbox`: there may be thousands of followers. */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

export interface Inbox<in out A, in out E> {
  readonly offer: (message: A) => void
  /** Nothing follows. */
  readonly end: (exit: Exit.Exit<void, E>) => void
  /** All messages, as soon as there are some. None when nothing follows. */
  readonly take: Effect.Effect<ReadonlyArray<A>, E>
}

const none: ReadonlyArray<never> = []

/** Drops the oldest message of a reader who is too slow. */
export const makeInbox = <A, E>(capacity: number): Inbox<A, E> => {
  let messages: Array<A> = []
  let ended: Exit.Exit<void, E> | undefined
  let onMessage: (() => void) | undefined

  const wakeUp = () => {
    onMessage?.()
    onMessage = undefined
  }

  const takeNow = Effect.suspend((): Effect.Effect<ReadonlyArray<A>, E> => {
    if (messages.length === 0 && ended !== undefined) return Effect.as(ended, none)
    const taken = messages
    messages = []
    return Effect.succeed(taken)
  })

  return {
    offer: (message) => {
      if (messages.length >= capacity) messages.shift()
      messages.push(message)
      wakeUp()
    },
    end: (exit) => {
      ended ??= exit
      wakeUp()
    },
    take: Effect.async<ReadonlyArray<A>, E>((resume) => {
      const answer = () => resume(takeNow)
      if (messages.length > 0 || ended !== undefined) answer()
      else onMessage = answer
    })
  }
}
