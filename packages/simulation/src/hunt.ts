/**
 * The child process in which a mutant is hunted: `hunt <first seed> <schedules> <promise> …` plays schedules until one of
 * the promises breaks, and prints as JSON how many that took.
 */
import { search } from "./search.js"

const [firstSeed = "", budget = "", ...promises] = process.argv.slice(2)

const { broken, progress } = await search(Number(firstSeed), ({ schedules }) => schedules < Number(budget), promises)
const found = broken && { seed: broken.schedule.seed, violation: broken.violations[0] }
// A mutant may leave timers behind, which would keep the process.
process.stdout.write(JSON.stringify({ schedules: progress.schedules, found }), () => process.exit())
