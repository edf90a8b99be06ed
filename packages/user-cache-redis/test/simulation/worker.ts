/**
 * `worker <first seed> <seeds>`: plays until a read is stale, and prints its seed as JSON, or null. A process of its own
 * for each mutant.
 */
import { play } from "./play.js"

const firstSeed = Number(process.argv[2])
const lastSeed = firstSeed + Number(process.argv[3])

const findStale = (seed: number): number | null => {
  if (seed >= lastSeed) return null
  return play(seed).stale === undefined ? findStale(seed + 1) : seed
}

process.stdout.write(JSON.stringify(findStale(firstSeed)), () => process.exit())
