/** The command `simulate`: plays random schedules until a promise breaks, or all are played. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { availableParallelism } from "node:os"
import * as CommandLine from "./commandLine.js"
import { generate } from "./generate.js"
import * as Players from "./players.js"
import * as Progress from "./progress.js"
import * as Report from "./report.js"
import { attempt, type Broken, type Checked, nothingChecked } from "./search.js"
import { shrink } from "./shrink.js"

/** The generator of random numbers has 32 bits. */
const maxSeed = 2 ** 32 - 1

const options = {
  seed: CommandLine.wholeNumber("seed", { min: 0, max: maxSeed }).pipe(
    Options.withDescription("Plays the schedule of this seed, or starts from it if --schedules is given."),
    Options.optional
  ),
  schedules: CommandLine.wholeNumber("schedules", { min: 1, max: maxSeed }).pipe(
    Options.withDescription("How many schedules to play, 200 by default, from a random seed unless one is given."),
    Options.optional
  ),
  workers: CommandLine.wholeNumber("workers", { min: 1, max: 1024 }).pipe(
    Options.withDescription("How many schedules to play at once, by default one for each core."),
    Options.withDefault(availableParallelism())
  )
}

/** In a log, progress is shown this often, in milliseconds. */
const logInterval = 5000

const reportFailure = (broken: Broken, progress: Progress.Progress) =>
  Effect.gen(function* () {
    const { schedule, violations } = broken
    yield* Console.error(`Seed ${schedule.seed} breaks "${violations[0].invariant}": shrinking …`)
    const shrunk = yield* Effect.promise(() =>
      shrink(broken, ({ schedule }, left) =>
        progress.show(
          `${schedule.steps.length} steps, at most ${left} schedules left to try`,
          `${schedule.steps.length}`
        )
      )
    )
    progress.clear()
    yield* Console.error(Report.formatFailure(broken, shrunk))
    return yield* new CommandLine.Failed()
  })

/** A player for each core, but no more than there are schedules. Starting a process takes longer than one schedule. */
const makePlayers = (workers: number, schedules: number): ReadonlyArray<Players.Player> => {
  const count = Math.min(workers, schedules)
  return count === 1 ? [Players.local] : Array.from({ length: count }, Players.makeProcess)
}

/** Plays the schedule of a seed that breaks a promise once more, for its history. */
const replay = (seed: number) =>
  Effect.promise(async () => {
    const { broken } = await attempt(generate(seed))
    if (broken === undefined) throw new Error(`seed ${seed} broke a promise, and did not when it was played again`)
    return broken
  })

interface Play {
  readonly firstSeed: number
  readonly schedules: number
  readonly workers: number
}

const play = ({ firstSeed, schedules, workers }: Play) =>
  Effect.gen(function* () {
    const progress = Progress.make()
    const startedAt = performance.now()
    let checked = nothingChecked
    const millis = () => performance.now() - startedAt
    const summary = () => Report.formatProgress(checked, millis())
    const onProgress = (latest: Checked): void => {
      checked = latest
      progress.show(summary(), `${Math.floor(millis() / logInterval)}`)
    }
    const { brokenSeed } = yield* Effect.acquireUseRelease(
      Effect.sync(() => makePlayers(workers, schedules)),
      (players) => Effect.promise(() => Players.playAll(players, { first: firstSeed, count: schedules }, onProgress)),
      (players) => Effect.sync(() => players.forEach(({ stop }) => stop()))
    ).pipe(
      Effect.onInterrupt(() => {
        progress.clear()
        return Console.log(`Interrupted: ${summary()}`)
      })
    )
    progress.clear()
    yield* Console.log(summary())
    if (brokenSeed === undefined) return yield* Console.log("Every promise was kept")
    return yield* reportFailure(yield* replay(brokenSeed), progress)
  })

export const command = Command.make("simulate", options, ({ schedules, seed, workers }) =>
  Effect.gen(function* () {
    const firstSeed = Option.isSome(seed) ? seed.value : yield* Random.nextIntBetween(0, 2 ** 31)
    yield* Console.log(`Seed ${firstSeed}`)
    yield* play({
      firstSeed,
      schedules: Option.getOrElse(schedules, () => (Option.isSome(seed) ? 1 : 200)),
      workers
    })
  })
).pipe(Command.withDescription("Plays random schedules against the library, and checks every promise after each."))
