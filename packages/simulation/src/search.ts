/** Plays schedules, one seed after the other, until a promise breaks. */
import { generate } from "./generate.js"
import type { History } from "./history.js"
import { type Violation, violations } from "./invariants.js"
import { run } from "./run.js"
import type { Schedule } from "./schedule.js"

export interface Broken {
  readonly schedule: Schedule
  readonly history: History
  /** The first one is reported. */
  readonly violations: readonly [Violation, ...ReadonlyArray<Violation>]
}

export interface Checked {
  readonly schedules: number
  readonly calls: number
  readonly requests: number
}

export const nothingChecked: Checked = { schedules: 0, calls: 0, requests: 0 }

const toBroken = (
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

/** Plays a schedule, and checks the given promises, all by default. */
export const attempt = async (schedule: Schedule, promises?: ReadonlyArray<string>): Promise<Attempt> => {
  const history = await run(schedule)
  return { history, broken: toBroken(schedule, history, promises) }
}

/** Searches from a seed on, while `goOn` returns true after a schedule. */
export const search = async (
  firstSeed: number,
  goOn: (checked: Checked) => boolean,
  promises?: ReadonlyArray<string>
): Promise<{ readonly checked: Checked; readonly broken: Broken | undefined }> => {
  let checked = nothingChecked
  for (;;) {
    const { broken, history } = await attempt(generate(firstSeed + checked.schedules), promises)
    checked = {
      schedules: checked.schedules + 1,
      calls: checked.calls + history.calls.length,
      requests: checked.requests + history.requests.length
    }
    if (broken !== undefined || !goOn(checked)) return { checked, broken }
  }
}
