/** Hunts a mutant in a process of its own, as a process loads a module only once. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import type { Mutant } from "./mutants.js"

/** The source has changed, so that the mutant is no longer what its name says. */
export class MutantOutdated extends Data.TaggedError("MutantOutdated")<{
  readonly mutant: string
  readonly message: string
}> {}

/** The process did not end as it should: the mutant may not even load. */
export class HuntFailed extends Data.TaggedError("HuntFailed")<{ readonly mutant: string; readonly message: string }> {}

const Found = Schema.Struct({
  schedules: Schema.Number,
  found: Schema.optional(
    Schema.Struct({
      seed: Schema.Number,
      violation: Schema.Struct({ invariant: Schema.String, text: Schema.String })
    })
  )
})

const decodeFound = Schema.decode(Schema.parseJson(Found))

const urlOf = (mutant: Mutant): URL => new URL(`../../${mutant.file}`, import.meta.url)

const check = (mutant: Mutant) =>
  Effect.gen(function* () {
    const source = yield* Effect.promise(() => readFile(urlOf(mutant), "utf8"))
    const times = source.split(mutant.text).length - 1
    if (times === 1) return
    return yield* new MutantOutdated({
      mutant: mutant.name,
      message: `"${mutant.text}" occurs ${times} times in ${mutant.file}, not once: bring the mutant "${mutant.name}" up to date`
    })
  })

/** A module that makes the process that imports it load a mutant. It must come before tsx, which asks it for each file. */
export const registration = ({ file, replacement, text }: Mutant): string => {
  const loader = new URL("./mutantLoader.mjs", import.meta.url).href
  const data = JSON.stringify({ url: `/packages/${file}`, text, replacement })
  const code = `import { register } from "node:module"; register(${JSON.stringify(loader)}, { data: ${data} })`
  return `data:text/javascript,${encodeURIComponent(code)}`
}

const runChild = (args: ReadonlyArray<string>) =>
  Effect.async<string, string>((resume) => {
    const child = execFile(process.execPath, args, (error, stdout, stderr) => {
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(`${error.message}\n${stderr}`))
    })
    return Effect.sync(() => child.kill())
  })

/** How many schedules it took to find a mutant, and what it was found by. */
export const huntMutant = (mutant: Mutant, options: { readonly firstSeed: number; readonly schedules: number }) =>
  Effect.gen(function* () {
    yield* check(mutant)
    const hunt = fileURLToPath(new URL("./hunt.ts", import.meta.url))
    const what = [String(options.firstSeed), String(options.schedules), ...mutant.breaks]
    const output = yield* runChild(["--import", registration(mutant), "--import", "tsx", hunt, ...what])
    return yield* decodeFound(output)
  }).pipe(
    Effect.mapError((error) =>
      error instanceof MutantOutdated ? error : new HuntFailed({ mutant: mutant.name, message: String(error) })
    )
  )
