/** Tries schedules, one seed after the other, until a promise breaks. */
import { generate } from "./generate.js"
import type { History } from "./history.js"
import { type Violation, violations } from "./invariants.js"
import { run } from "./run.js"
import type { Schedule } from "./schedule.js"

export interface Broken {
  readonly schedule: Schedule
  readonly history: History
  /** At least one; the first tells the story. */
  readonly violations: readonly [Violation, ...ReadonlyArray<Violation>]
}

export interface Progress {
  readonly schedules: number
  readonly calls: number
  readonly requests: number
}

export const none: Progress = { schedules: 0, calls: 0, requests: 0 }

const brokenOf = (
  schedule: Schedule,
  history: History,
  promises: ReadonlyArray<string> | undefined
): Broken | undefined => {
  const [first, ...others] = violations(history).filter(({ invariant }) => promises?.includes(invariant) ?? true)
  return first === undefined ? undefined : { schedule, history, violations: [first, ...others] }
}

export interface Attempt {
  readonly history: History
  readonly broken: Broken | undefined
}

/** Runs a schedule, and says which promises it broke, if any; of some promises if they are given, or of all. */
export const attempt = async (schedule: Schedule, promises?: ReadonlyArray<string>): Promise<Attempt> => {
  const history = await run(schedule)
  return { history, broken: brokenOf(schedule, history, promises) }
}

/** Searches from a seed on; `goOn` is asked after each schedule. */
export const search = async (
  firstSeed: number,
  goOn: (progress: Progress) => boolean,
  promises?: ReadonlyArray<string>
): Promise<{ readonly progress: Progress; readonly broken: Broken | undefined }> => {
  let progress = none
  for (;;) {
    const { broken, history } = await attempt(generate(firstSeed + progress.schedules), promises)
    progress = {
      schedules: progress.schedules + 1,
      calls: progress.calls + history.calls.length,
      requests: progress.requests + history.requests.length
    }
    if (broken !== undefined || !goOn(progress)) return { progress, broken }
  }
}
