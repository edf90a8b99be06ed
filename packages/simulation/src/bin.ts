#!/usr/bin/env node
/** The simulation as a command: see `usage`. Ends with 1 when a promise broke, with 2 when it was called wrongly. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Arguments from "./arguments.js"
import * as Report from "./report.js"
import { type Broken, none, type Progress, search } from "./search.js"
import { shrink } from "./shrink.js"

/** How often progress is shown, in milliseconds. */
const progressInterval = 5000

const tellFailure = (broken: Broken) =>
  Effect.gen(function* () {
    yield* Console.error(`Seed ${broken.schedule.seed} breaks "${broken.violations[0].invariant}": shrinking …`)
    const shrunk = yield* Effect.promise(() => shrink(broken))
    yield* Console.error(Report.failure(broken, shrunk))
    return 1
  })

/** Plays schedules until one breaks a promise, all are played, or somebody wants it to end. */
const play = (firstSeed: number, schedules: number) =>
  Effect.suspend(() => {
    const startedAt = performance.now()
    const state = { progress: none, shownAt: startedAt, isOver: false }
    const millis = () => performance.now() - startedAt
    const goOn = (progress: Progress): boolean => {
      state.progress = progress
      if (performance.now() - state.shownAt > progressInterval) {
        state.shownAt = performance.now()
        process.stderr.write(`${Report.progressLine(progress, millis())}\n`)
      }
      return !state.isOver && progress.schedules < schedules
    }
    return Effect.promise(() => search(firstSeed, goOn)).pipe(
      Effect.tap(({ progress }) => Console.log(Report.progressLine(progress, millis()))),
      Effect.flatMap(({ broken }) =>
        broken === undefined ? Effect.as(Console.log("Every promise was kept"), 0) : tellFailure(broken)
      ),
      // Ctrl-C ends the search after the schedule that is being played.
      Effect.onInterrupt(() => {
        state.isOver = true
        return Console.log(`Interrupted: ${Report.progressLine(state.progress, millis())}`)
      })
    )
  })

const main = Effect.gen(function* () {
  const { help, schedules, seed } = yield* Arguments.read(process.argv.slice(2))
  if (help) return yield* Effect.as(Console.log(Arguments.usage), 0)
  const firstSeed = seed ?? (yield* Random.nextIntBetween(0, 2 ** 31))
  yield* Console.log(`Seed ${firstSeed}`)
  return yield* play(firstSeed, schedules)
}).pipe(Effect.catchTag("Misuse", ({ problem }) => Effect.as(Console.error(`${problem}\n${Arguments.usage}`), 2)))

NodeRuntime.runMain(main, {
  disablePrettyLogger: true,
  teardown: (exit, onExit) => onExit(exit._tag === "Success" && typeof exit.value === "number" ? exit.value : 130)
})
