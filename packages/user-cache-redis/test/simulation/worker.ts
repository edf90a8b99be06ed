/** `worker <seeds>`: plays until a read is stale, and prints as JSON the seed, or null. A process of its own for a mutant. */
import { play } from "./play.js"

const seeds = Number(process.argv[2])
let found: number | null = null
for (let seed = 1; seed <= seeds && found === null; seed++) if (play(seed).stale !== undefined) found = seed
process.stdout.write(JSON.stringify(found), () => process.exit())
