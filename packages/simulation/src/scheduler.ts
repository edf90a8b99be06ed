/** Who runs next is chance, and any fiber may have to stop between any two of its steps. */
import type { RuntimeFiber } from "effect/Fiber"
import type { Scheduler, Task } from "effect/Scheduler"
import type { Prng } from "./prng.js"

export interface ChaoticScheduler {
  /** Picks the next fiber at random, and stops fibers at random. */
  readonly chaotic: Scheduler
  /** For fibers between whose steps no chaotic fiber may run, unless they wait for something outside. */
  readonly calm: Scheduler
  /** Runs at most so many chaotic tasks, with the calm ones that come of them; returns whether there are more. */
  readonly run: (tasks: number) => boolean
  /** Does something once a number of further tasks has run. */
  readonly after: (tasks: number, action: () => void) => void
}

/** The longest that a fiber runs before it is stopped, in operations of the fiber runtime. */
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
