/** Runs a schedule to its end, and returns its history. */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Actors from "./actors.js"
import * as Callers from "./callers.js"
import * as Harness from "./harness.js"
import type { History } from "./history.js"
import type { Action, Schedule } from "./schedule.js"

/** Ids of the callers of audits, beyond those of any schedule. */
const firstAuditCaller = 1_000_000

type Perform = (action: Action) => Promise<void>

const makeAudit = (
  { environment, history, rest }: Harness.Harness,
  callers: Callers.Callers,
  actors: Actors.Actors
) => {
  let caller = firstAuditCaller
  const hits = () => Effect.runSync(environment.cache.stats).hits
  return async (): Promise<void> => {
    await rest()
    // Other callers would store values meanwhile.
    if (callers.waiting() > 0) return
    environment.faults.clear()
    const before = hits()
    for (const operation of Actors.reads(actors)) {
      callers.start(caller++, operation)
      await rest()
    }
    history.audits.push({ point: history.point(), hits: hits() - before })
  }
}

const makePerform = (harness: Harness.Harness, callers: Callers.Callers, actors: Actors.Actors): Perform => {
  const { environment, history } = harness
  const audit = makeAudit(harness, callers, actors)
  const runSync = Runtime.runSync(environment.runtime)
  return async (action) => {
    if (action._tag === "Call") return callers.start(action.id, action.operation, action.leave)
    history.notes.push({ point: history.point(), action })
    switch (action._tag) {
      case "Fault":
        return environment.faults.add(action.fault)
      case "RevokeTokens":
        return runSync(
          environment.sandbox.revokeTokens(action.user === "all" ? undefined : actors.get(action.user)?.userId)
        )
      case "ConnectBank": {
        const user = actors.get(action.user)
        if (user === undefined) return
        runSync(Actors.connectBank(environment, user))
        return user.credentials.forEach((id, index) =>
          history.names.set(id, `{credential ${index} of user ${action.user}}`)
        )
      }
      case "Audit":
        return audit()
    }
  }
}

export const run = async (schedule: Schedule): Promise<History> => {
  const harness = await Harness.make(schedule)
  const { environment, history } = harness
  const actors: Actors.Actors = new Map()
  const callers = Callers.make(harness, actors)
  const perform = makePerform(harness, callers, actors)

  const noteSize = (): void => {
    history.maxSize = Math.max(history.maxSize, Effect.runSync(environment.cache.stats).size)
  }
  const findLeaks = (): string | undefined => {
    const { fibers, timers } = harness.leftovers()
    return fibers + timers + callers.waiting() === 0
      ? undefined
      : `${callers.waiting()} callers without an answer, ${fibers} fibers, ${timers} timers`
  }

  for (const { action, pause } of schedule.steps) {
    await harness.pause(pause)
    noteSize()
    await perform(action)
    noteSize()
  }
  await harness.drain()
  noteSize()
  history.leftAtRest = findLeaks()
  history.counters = Effect.runSync(environment.cache.stats)
  await harness.close()
  history.leftAtEnd = findLeaks()
  return history
}
