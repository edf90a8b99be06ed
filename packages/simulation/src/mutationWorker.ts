/**
 * The process in which a mutant is tested: `mutationWorker <first seed> <schedules> <promise> …` plays schedules until one
 * of the promises breaks, and prints as JSON how many that took.
 */
import { search } from "./search.js"

const [firstSeed = "", maxSchedules = "", ...promises] = process.argv.slice(2)

const goOn = ({ schedules }: { readonly schedules: number }) => schedules < Number(maxSchedules)
const { broken, checked } = await search(Number(firstSeed), goOn, promises)
const found = broken && { seed: broken.schedule.seed, violation: broken.violations[0] }
// A mutant may leave timers behind, which would keep the process alive.
process.stdout.write(JSON.stringify({ schedules: checked.schedules, found }), () => process.exit())
