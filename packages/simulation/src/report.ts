/** What is said while schedules are played, and at the end. */
import type { Broken, Progress } from "./search.js"
import * as Story from "./story.js"

const perSecond = (count: number, millis: number): string => (millis === 0 ? "-" : ((count * 1000) / millis).toFixed(1))

export const progressLine = ({ calls, requests, schedules }: Progress, millis: number): string =>
  `${schedules} ${schedules === 1 ? "schedule" : "schedules"} (${perSecond(schedules, millis)} per second), ${calls} operations and ${requests} requests checked`

export const failure = (found: Broken, shrunk: Broken): string => {
  const { history, schedule, violations } = shrunk
  return [
    `Seed ${found.schedule.seed} breaks a promise. Replay with: npm run simulate -- --seed ${found.schedule.seed}`,
    `Shrunk from ${found.schedule.steps.length} to ${schedule.steps.length} steps:`,
    "",
    Story.tell(history, violations[0])
  ].join("\n")
}
