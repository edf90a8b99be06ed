import { checkText, registration, runChild } from "@effect-tink/simulation/mutationTest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { fileURLToPath } from "node:url"
import type { Mutant } from "./mutants.js"

const worker = fileURLToPath(new URL("./worker.ts", import.meta.url))

/** More than any mutant needs, as a change to the sources changes its schedules. */
const schedules = 40

const decodeSeed = Schema.decode(Schema.parseJson(Schema.NullOr(Schema.Number)))

/** The seed with which a read is stale, or null. */
export const findMutant = (mutant: Mutant) =>
  Effect.gen(function* () {
    yield* checkText(mutant)
    const args = [worker, mutant.plan, String(schedules)]
    const output = yield* runChild(["--import", registration(mutant), "--import", "tsx", ...args])
    return yield* decodeSeed(output)
  })
