/** Callers who refresh one credential at the same time, with equal input, share one refresh. */
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import type { Credential } from "../../Credential.js"
import type { OpenSession } from "../requests/access.js"
import type { Change } from "./changes.js"

/** A refresh that runs, as far as is known. */
export interface Started {
  readonly credential: Credential
  /** `accepted`: Tink accepted it, or may have accepted it. `already running`: Tink refused it, because another one runs. */
  readonly how: "accepted" | "already running"
  /** The end of the request. */
  readonly change: Change | undefined
  /** Why it is not known whether Tink accepted it. */
  readonly failure: TinkError | undefined
}

/** A refresh, as one of its callers sees it. */
export interface Joined {
  readonly started: Started
  /** Whether it has the caller's input. */
  readonly hasSameInput: boolean
  /** The refresh has ended: the next caller starts another one. */
  readonly end: () => void
}

type Start = Effect.Effect<Started, TinkError>

interface Entry {
  /** Whose request it was. */
  readonly identity: string
  readonly input: string
  readonly exit: Deferred.Deferred<Exit.Exit<Started, TinkError>>
  fiber: Fiber.RuntimeFiber<unknown> | undefined
  callers: number
}

export interface StartedRefreshes {
  /**
   * Starts a refresh, or joins the one that a caller of this process has started and still follows. The request is interrupted
   * when the last caller leaves. A failure is not for another session, nor for other input: those start their own.
   */
  readonly join: (
    session: OpenSession,
    id: CredentialsId,
    /** Equal for equal input. */
    input: string,
    start: Start
  ) => Effect.Effect<Joined, TinkError, Scope.Scope>
}

const keyOf = (userId: UserId, id: CredentialsId) => `${userId} ${id}`

export const makeStartedRefreshes = (): StartedRefreshes => {
  const entries = new Map<string, Entry>()

  const makeEntry = (key: string, identity: string, input: string): Entry => {
    const entry: Entry = { identity, input, exit: Deferred.unsafeMake(FiberId.none), fiber: undefined, callers: 0 }
    entries.set(key, entry)
    return entry
  }

  /** A caller may notice late: by then the key may be that of a later refresh. */
  const remove = (key: string, entry: Entry): void => {
    if (entries.get(key) === entry) entries.delete(key)
  }

  const enter = (key: string, identity: string, input: string, start: Start): Effect.Effect<Entry> =>
    Effect.suspend(() => {
      const entry = entries.get(key) ?? makeEntry(key, identity, input)
      entry.callers += 1
      if (entry.callers > 1) return Effect.succeed(entry)
      const started = Effect.onError(start, () => Effect.sync(() => remove(key, entry)))
      // A fiber of its own, so that it outlives its first caller.
      const forked = Effect.forkDaemon(Effect.interruptible(Deferred.complete(entry.exit, Effect.exit(started))))
      return Effect.map(forked, (fiber) => {
        entry.fiber = fiber
        return entry
      })
    })

  const leave = (key: string, entry: Entry): Effect.Effect<void> =>
    Effect.suspend(() => {
      entry.callers -= 1
      if (entry.callers > 0 || entry.fiber === undefined) return Effect.void
      remove(key, entry)
      return Fiber.interrupt(entry.fiber)
    })

  const join: StartedRefreshes["join"] = (session, id, input, start) => {
    const { identity, userId } = session
    const key = keyOf(userId, id)
    return Effect.gen(function* () {
      const entry = yield* Effect.acquireRelease(enter(key, identity, input, start), (entry) => leave(key, entry))
      const exit = yield* Deferred.await(entry.exit)
      const hasSameInput = entry.input === input
      const isOwn = hasSameInput && entry.identity === identity
      if (exit._tag === "Failure" && !isOwn) return yield* join(session, id, input, start)
      return { started: yield* exit, hasSameInput, end: () => remove(key, entry) }
    })
  }

  return { join }
}
