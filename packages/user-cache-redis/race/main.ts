/** `npm run race -- --minutes 10 --faults all`: which caches return stale reads. Exits with 1 if one of ours does. */
import { parseArgs } from "node:util"
import { type CacheName, caches } from "./caches.js"
import { faultNames, faults } from "./faults.js"
import { race, type RaceResult } from "./race.js"
import { hasRedisServer } from "./redisServer.js"

const usage = `npm run race -- [options]

  --minutes <n>     how long each cache races: 0.5 by default
  --faults <list>   all, none, or some of: ${faultNames.join(", ")}; all by default
  --caches <list>   all, or some of: ${Object.keys(caches).join(", ")}; all by default
`

const fail = (message: string): never => {
  process.stderr.write(`${message}\n\n${usage}`)
  process.exit(2)
}

const isCache = (name: string): name is CacheName => name in caches

const readOptions = () => {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "0.5" },
        faults: { type: "string", default: "all" },
        caches: { type: "string", default: "all" },
        help: { type: "boolean", default: false }
      }
    })
    return values
  } catch (error) {
    return fail(error instanceof Error ? error.message : "invalid arguments")
  }
}

const options = readOptions()
if (options.help) {
  process.stdout.write(usage)
  process.exit()
}
const seconds = Number(options.minutes) * 60
if (!(seconds > 0)) fail("--minutes must be a positive number")
const listed = options.faults.split(",")
const chosenFaults = options.faults === "all" ? faultNames : faultNames.filter((name) => listed.includes(name))
if (options.faults !== "all" && options.faults !== "none" && chosenFaults.length !== listed.length)
  fail("--faults: no such fault")
const chosen =
  options.caches === "all" ? Object.keys(caches).filter(isCache) : options.caches.split(",").filter(isCache)
if (chosen.length === 0) fail("--caches: no such cache")
if (!hasRedisServer()) fail("There is no redis-server here: install Debian's package redis-server.")

const format = (name: string, { changes, lookups, reads, stale, worstMillis }: RaceResult) => {
  const worst = stale === 0 ? "–" : `${(worstMillis / 1_000).toFixed(1)} s`
  return [
    name.padEnd(34),
    String(reads).padStart(10),
    String(stale).padStart(8),
    worst.padStart(8),
    String(changes).padStart(8),
    String(lookups).padStart(9)
  ].join(" ")
}

process.stdout.write(`Two processes, 20 users, 80 readers and 4 mutators, ${seconds} s each.\n`)
for (const fault of chosenFaults) process.stdout.write(`  ${faults[fault]}\n`)
const columns = ["reads", "stale", "worst", "changes", "lookups"]
const widths = [10, 8, 8, 8, 9]
process.stdout.write(
  `\n${"".padEnd(34)} ${columns.map((name, index) => name.padStart(widths[index] ?? 0)).join(" ")}\n`
)

let isBroken = false
for (const name of chosen) {
  const { title } = caches[name]
  const result = await race({
    cache: name,
    seconds,
    faults: chosenFaults,
    onProgress: (soFar) => void (process.stderr.isTTY && process.stderr.write(`\r${format(title, soFar)}`))
  })
  if (process.stderr.isTTY) process.stderr.write("\r")
  process.stdout.write(`${format(title, result)}\n`)
  if (result.stale > 0 && (name === "strict" || name === "lease")) isBroken = true
}
process.exit(isBroken ? 1 : 0)
