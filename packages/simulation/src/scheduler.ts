/** The next fiber is chosen at random, and any fiber may be stopped between any two of its steps. */
import type { RuntimeFiber } from "effect/Fiber"
import type { Scheduler, Task } from "effect/Scheduler"
import type { Prng } from "./prng.js"

export interface ChaoticScheduler {
  /** Chooses the next fiber at random, and stops fibers at random. */
  readonly chaotic: Scheduler
  /** For fibers that are not interleaved with chaotic ones, except while they wait. */
  readonly calm: Scheduler
  /** Runs at most so many chaotic tasks, and the calm ones that follow from them. Returns whether more are left. */
  readonly run: (tasks: number) => boolean
  /** Runs an action after a number of further tasks. */
  readonly after: (tasks: number, action: () => void) => void
}

/** The maximum run of a fiber before it is stopped, in operations of the fiber runtime. */
const longestRun = 120

export const make = (prng: Prng): ChaoticScheduler => {
  const tasks: Array<Task> = []
  const calmTasks: Array<Task> = []
  let pending: Array<{ left: number; readonly action: () => void }> = []
  let untilStop = 1 + prng.below(longestRun)

  const runCalmTasks = (): void => {
    for (let task = calmTasks.shift(); task !== undefined; task = calmTasks.shift()) task()
  }

  const shouldStop = (_fiber: RuntimeFiber<unknown, unknown>): 0 | false => {
    untilStop -= 1
    if (untilStop > 0) return false
    untilStop = 1 + prng.below(longestRun)
    return 0
  }

  const takeTask = (): Task | undefined => {
    const index = prng.below(tasks.length)
    const task = tasks[index]
    const last = tasks.pop()
    if (last !== undefined && index < tasks.length) tasks[index] = last
    return task
  }

  const countDown = (): void => {
    if (pending.length === 0) return
    const due = pending.filter((one) => --one.left <= 0)
    if (due.length === 0) return
    pending = pending.filter((one) => one.left > 0)
    for (const { action } of due) action()
  }

  return {
    chaotic: { scheduleTask: (task) => void tasks.push(task), shouldYield: shouldStop },
    calm: { scheduleTask: (task) => void calmTasks.push(task), shouldYield: () => false },
    run: (limit) => {
      runCalmTasks()
      for (let count = 0; count < limit && tasks.length > 0; count++) {
        takeTask()?.()
        runCalmTasks()
        countDown()
      }
      return tasks.length + calmTasks.length > 0
    },
    after: (count, action) => {
      pending.push({ left: count, action })
    }
  }
}
