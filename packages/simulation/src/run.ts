/** Plays a schedule to its end, and returns what happened. */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Callers from "./callers.js"
import * as Cast from "./cast.js"
import type { History } from "./history.js"
import type { Action, Schedule } from "./schedule.js"
import * as Stage from "./stage.js"
import * as Story from "./story.js"

/** The numbers of the callers of audits, which are in no schedule. */
const firstAuditor = 1_000_000

type Director = (action: Action) => Promise<void>

const makeAudit = ({ history, rest, world }: Stage.Stage, callers: Callers.Callers, cast: Cast.Cast) => {
  let auditor = firstAuditor
  const hits = () => Effect.runSync(world.cache.stats).hits
  return async (): Promise<void> => {
    await rest()
    // What others store meanwhile would be found, too.
    if (callers.waiting() > 0) return
    world.faults.clear()
    const before = hits()
    for (const operation of Cast.reads(cast)) {
      callers.start(auditor++, operation)
      await rest()
    }
    history.audits.push({ point: history.point(), hits: hits() - before })
  }
}

const makeDirector = (stage: Stage.Stage, callers: Callers.Callers, cast: Cast.Cast): Director => {
  const { history, world } = stage
  const audit = makeAudit(stage, callers, cast)
  const runSync = Runtime.runSync(world.runtime)
  return async (action) => {
    if (action._tag === "Call") return callers.start(action.id, action.operation, action.leave)
    history.remarks.push({ point: history.point(), text: Story.remark(action) })
    switch (action._tag) {
      case "Fault":
        return world.faults.add(action.fault)
      case "RevokeTokens":
        return runSync(world.sandbox.revokeTokens(action.user === "all" ? undefined : cast.get(action.user)?.userId))
      case "ConnectBank": {
        const user = cast.get(action.user)
        if (user === undefined) return
        runSync(Cast.connectBank(world, user))
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
  const stage = await Stage.make(schedule)
  const { history, world } = stage
  const cast: Cast.Cast = new Map()
  const callers = Callers.make(stage, cast)
  const perform = makeDirector(stage, callers, cast)

  const noteSize = (): void => {
    history.maxSize = Math.max(history.maxSize, Effect.runSync(world.cache.stats).size)
  }
  const leftovers = (): string | undefined => {
    const { fibers, timers } = stage.leftovers()
    return fibers + timers + callers.waiting() === 0
      ? undefined
      : `${callers.waiting()} callers without an answer, ${fibers} fibers, ${timers} timers`
  }

  for (const { action, pause } of schedule.steps) {
    await stage.pause(pause)
    noteSize()
    await perform(action)
    noteSize()
  }
  await stage.drain()
  noteSize()
  history.leftAtRest = leftovers()
  history.counters = Effect.runSync(world.cache.stats)
  await stage.close()
  history.leftAtEnd = leftovers()
  return history
}
