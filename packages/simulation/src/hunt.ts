/** The child process in which a mutant is hunted: `hunt <first seed> <schedules>` prints what it found as JSON. */
import { search } from "./search.js"

const [firstSeed = 1, budget = 1] = process.argv.slice(2).map(Number)

const { broken, progress } = await search(firstSeed, ({ schedules }) => schedules < budget)
const found = broken && { seed: broken.schedule.seed, violation: broken.violation }
process.stdout.write(JSON.stringify({ schedules: progress.schedules, found }))
