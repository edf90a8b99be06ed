/** Tries schedules, one seed after the other, until a promise breaks. */
import { generate } from "./generate.js"
import type { History } from "./history.js"
import { type Violation, violations } from "./invariants.js"
import { run } from "./run.js"
import type { Schedule } from "./schedule.js"

export interface Broken {
  readonly schedule: Schedule
  readonly history: History
  readonly violation: Violation
}

export interface Progress {
  readonly schedules: number
  readonly calls: number
  readonly requests: number
}

export const none: Progress = { schedules: 0, calls: 0, requests: 0 }

/** Runs a schedule, and says which promise it broke, if any. */
export const attempt = async (schedule: Schedule): Promise<{ readonly history: History; readonly broken?: Broken }> => {
  const history = await run(schedule)
  const [violation] = violations(history)
  return violation === undefined ? { history } : { history, broken: { schedule, history, violation } }
}

/** Searches from a seed on; `goOn` is asked after each schedule. */
export const search = async (
  firstSeed: number,
  goOn: (progress: Progress) => boolean
): Promise<{ readonly progress: Progress; readonly broken?: Broken }> => {
  let progress = none
  do {
    const { broken, history } = await attempt(generate(firstSeed + progress.schedules))
    progress = {
      schedules: progress.schedules + 1,
      calls: progress.calls + history.calls.length,
      requests: progress.requests + history.requests.length
    }
    if (broken !== undefined) return { progress, broken }
  } while (goOn(progress))
  return { progress }
}
