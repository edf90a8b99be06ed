/** Makes a schedule smaller while it still breaks the same promise. */
import type { InvariantName } from "./invariants.js"
import type { Action, Pause, Schedule, Settings, Step } from "./schedule.js"
import { attempt, type Broken } from "./search.js"

/** Without some steps the random numbers fall differently, so a few other seeds are tried. */
const seedsToTry = 3

/** A run of the candidate that breaks the same promise, if there is one. */
const stillBreaks = async (candidate: Schedule, invariant: InvariantName): Promise<Broken | undefined> => {
  for (let offset = 0; offset < seedsToTry; offset++) {
    const { broken } = await attempt({ ...candidate, seed: candidate.seed + offset }, [invariant])
    if (broken !== undefined) return broken
  }
  return undefined
}

const without = (steps: ReadonlyArray<Step>, from: number, count: number): ReadonlyArray<Step> => [
  ...steps.slice(0, from),
  ...steps.slice(from + count)
]

const replaced = (steps: ReadonlyArray<Step>, index: number, step: Step): ReadonlyArray<Step> =>
  steps.map((other, at) => (at === index ? step : other))

const simplerPauses = ({ _tag, count }: Pause): ReadonlyArray<Pause> => [
  ...(_tag === "Millis" && count === 0 ? [] : [{ _tag: "Millis", count: 0 } as const]),
  ...(_tag === "Tasks" && count > 0 ? [{ _tag, count: Math.floor(count / 2) }] : [])
]

const simplerActions = (action: Action): ReadonlyArray<Action> => {
  if (action._tag === "Call" && action.leave !== undefined) return [{ ...action, leave: undefined }]
  if (action._tag === "Fault" && action.fault.times > 1) return [{ ...action, fault: { ...action.fault, times: 1 } }]
  return []
}

const simplerSteps = ({ action, pause }: Step): ReadonlyArray<Step> => [
  ...simplerActions(action).map((action) => ({ action, pause })),
  ...simplerPauses(pause).map((pause) => ({ action, pause }))
]

const plain: Partial<Settings> = {
  capacity: 100,
  clientTokenLifetime: 1_800_000,
  userTokenLifetime: 7_200_000,
  tokenCapacity: 10_000
}

const simplerSettings = (settings: Settings): ReadonlyArray<Settings> => {
  const simpler = { ...settings, ...plain }
  return JSON.stringify(simpler) === JSON.stringify(settings) ? [] : [simpler]
}

/** Smaller schedules, the much smaller ones first. */
function* candidates(schedule: Schedule): Generator<Schedule> {
  const { settings, steps } = schedule
  for (let count = Math.ceil(steps.length / 2); count >= 1; count = Math.floor(count / 2)) {
    // From the end: the first steps are what the others need.
    for (let from = steps.length - count; from > -count; from -= count) {
      yield { ...schedule, steps: without(steps, Math.max(0, from), count + Math.min(0, from)) }
    }
  }
  for (const simpler of simplerSettings(settings)) yield { ...schedule, settings: simpler }
  for (const [index, step] of steps.entries()) {
    for (const simpler of simplerSteps(step)) yield { ...schedule, steps: replaced(steps, index, simpler) }
  }
}

/** How many schedules are tried. It ends earlier when no smaller schedule breaks the promise. */
const budget = 300

export const shrink = async (
  broken: Broken,
  onProgress: (smallest: Broken, left: number) => void = () => {}
): Promise<Broken> => {
  const { invariant } = broken.violations[0]
  let smallest = broken
  let left = budget
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false
    for (const candidate of candidates(smallest.schedule)) {
      if (left-- <= 0) return smallest
      onProgress(smallest, left)
      const found = await stillBreaks(candidate, invariant)
      if (found === undefined) continue
      smallest = found
      isSmaller = true
      break
    }
  }
  return smallest
}
