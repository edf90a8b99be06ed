/**
 * `worker <plan> <seeds>`: plays until a read is stale, and prints its seed as JSON, or null. A process of its own for each
 * mutant.
 */
import { type PlanName, plans, play } from "./play.js"

const isPlan = (name: string | undefined): name is PlanName => name !== undefined && name in plans

const plan = process.argv[2]
const seeds = Number(process.argv[3])
if (!isPlan(plan)) throw new Error(`no such plan: ${plan}`)

const findStale = (seed: number): number | null => {
  if (seed > seeds) return null
  return play(seed, plan).stale === undefined ? findStale(seed + 1) : seed
}

process.stdout.write(JSON.stringify(findStale(1)), () => process.exit())
