/** The command `simulate`: plays random schedules until a promise breaks, or all are played. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as CommandLine from "./commandLine.js"
import * as Progress from "./progress.js"
import * as Report from "./report.js"
import { type Broken, type Checked, nothingChecked, search } from "./search.js"
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

const play = (firstSeed: number, schedules: number) =>
  Effect.suspend(() => {
    const progress = Progress.make()
    const startedAt = performance.now()
    const state = { checked: nothingChecked, isInterrupted: false }
    const millis = () => performance.now() - startedAt
    const summary = () => Report.formatProgress(state.checked, millis())
    const goOn = (checked: Checked) => {
      state.checked = checked
      progress.show(summary(), `${Math.floor(millis() / logInterval)}`)
      return !state.isInterrupted && checked.schedules < schedules
    }
    return Effect.promise(() => search(firstSeed, goOn)).pipe(
      Effect.tap(() => {
        progress.clear()
        return Console.log(summary())
      }),
      Effect.flatMap(({ broken }) =>
        broken === undefined ? Console.log("Every promise was kept") : reportFailure(broken, progress)
      ),
      // Ctrl-C ends the search after the current schedule.
      Effect.onInterrupt(() => {
        state.isInterrupted = true
        progress.clear()
        return Console.log(`Interrupted: ${summary()}`)
      })
    )
  })

export const command = Command.make("simulate", options, ({ schedules, seed }) =>
  Effect.gen(function* () {
    const firstSeed = Option.isSome(seed) ? seed.value : yield* Random.nextIntBetween(0, 2 ** 31)
    yield* Console.log(`Seed ${firstSeed}`)
    yield* play(
      firstSeed,
      Option.getOrElse(schedules, () => (Option.isSome(seed) ? 1 : 200))
    )
  })
).pipe(Command.withDescription("Plays random schedules against the library, and checks every promise after each."))
