/** Plays the schedules of many seeds, several at once: what is found does not depend on how many. */
import { fork } from "node:child_process"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { generate } from "./generate.js"
import { attempt, type Checked, nothingChecked } from "./search.js"

/** What came of the schedule of one seed. */
export interface Played {
  readonly seed: number
  readonly calls: number
  readonly requests: number
  readonly isBroken: boolean
}

/** Plays one schedule at a time. */
export interface Player {
  readonly play: (seed: number) => Promise<Played>
  readonly stop: () => void
}

/** Plays in this thread. */
export const local: Player = {
  play: async (seed) => {
    const { broken, history } = await attempt(generate(seed))
    const { calls, requests } = history
    return { seed, calls: calls.length, requests: requests.length, isBroken: broken !== undefined }
  },
  stop: () => {}
}

// A schedule leaves much garbage and keeps little: with room for it, collections are few.
const heapOptions = ["--max-semi-space-size=64"]

/** `.ts`, but for the bundle of the tests. */
const extension = extname(import.meta.filename)

/** Plays in a process of its own, started as this one was. */
export const makeProcess = (): Player => {
  const child = fork(fileURLToPath(new URL(`./playerProcess${extension}`, import.meta.url)), {
    execArgv: [...process.execArgv, ...heapOptions]
  })
  return {
    play: (seed) =>
      new Promise((resolve, reject) => {
        const onExit = () => reject(new Error(`the process that played seed ${seed} ended`))
        child.once("exit", onExit).once("message", (played: Played) => {
          child.off("exit", onExit)
          resolve(played)
        })
        child.send(seed)
      }),
    stop: () => void child.kill()
  }
}

export interface Found {
  /** The schedules up to the broken one, without those that other players have played since. */
  readonly checked: Checked
  /** The lowest seed whose schedule breaks a promise. */
  readonly brokenSeed: number | undefined
}

/** Adds up what was played in the order of the seeds, up to the first that is broken or still played. */
const makeTally = (firstSeed: number) => {
  const later = new Map<number, Played>()
  let found: Found = { checked: nothingChecked, brokenSeed: undefined }
  return {
    found: () => found,
    add: (played: Played): void => {
      later.set(played.seed, played)
      for (;;) {
        const { brokenSeed, checked } = found
        const next = later.get(firstSeed + checked.schedules)
        if (next === undefined || brokenSeed !== undefined) return
        later.delete(next.seed)
        found = {
          checked: {
            schedules: checked.schedules + 1,
            calls: checked.calls + next.calls,
            requests: checked.requests + next.requests
          },
          brokenSeed: next.isBroken ? next.seed : undefined
        }
      }
    }
  }
}

/** Plays so many schedules from a seed on, until one breaks a promise. */
export const playAll = async (
  players: ReadonlyArray<Player>,
  seeds: { readonly first: number; readonly count: number },
  onProgress: (checked: Checked) => void = () => {}
): Promise<Found> => {
  const tally = makeTally(seeds.first)
  // Lower seeds are played to their end: one of them may be broken, too.
  let end = seeds.first + seeds.count
  let next = seeds.first
  const keepPlaying = async ({ play }: Player): Promise<void> => {
    while (next < end) {
      const played = await play(next++)
      if (played.isBroken) end = Math.min(end, played.seed)
      tally.add(played)
      onProgress(tally.found().checked)
    }
  }
  await Promise.all(players.map(keepPlaying))
  return tally.found()
}
