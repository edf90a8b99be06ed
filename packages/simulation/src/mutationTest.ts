/** Tests in a process of its own whether the simulation finds a mutant, as a process loads a module only once. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import type { Mutant } from "./mutants.js"

/** The source has changed, and the text of the mutant no longer occurs exactly once. */
export class MutantOutdated extends Data.TaggedError("MutantOutdated")<{
  readonly mutant: string
  readonly message: string
}> {}

/** The process failed: the mutant may not even load. */
export class MutationTestFailed extends Data.TaggedError("MutationTestFailed")<{
  readonly mutant: string
  readonly message: string
}> {}

const Outcome = Schema.Struct({
  schedules: Schema.Number,
  found: Schema.optional(
    Schema.Struct({
      seed: Schema.Number,
      violation: Schema.Struct({ invariant: Schema.String, text: Schema.String })
    })
  )
})

const decodeOutcome = Schema.decode(Schema.parseJson(Outcome))

const sourceUrl = (mutant: Pick<Mutant, "file">): URL => new URL(`../../${mutant.file}`, import.meta.url)

/** Fails unless the text of a mutant occurs exactly once. */
export const checkText = (mutant: Pick<Mutant, "name" | "file" | "text">) =>
  Effect.gen(function* () {
    const { file, name, text } = mutant
    const outdated = (problem: string) =>
      new MutantOutdated({ mutant: name, message: `${problem}: bring the mutant "${name}" up to date` })
    const source = yield* Effect.tryPromise({
      try: () => readFile(sourceUrl(mutant), "utf8"),
      catch: () => outdated(`packages/${file} cannot be read`)
    })
    const times = source.split(text).length - 1
    if (times !== 1) return yield* outdated(`"${text}" occurs ${times} times in packages/${file}, not once`)
  })

/** A module that replaces the text in the process that imports it. It must be imported before tsx. */
export const registration = ({ file, replacement, text }: Pick<Mutant, "file" | "replacement" | "text">): string => {
  const loader = new URL("./mutantLoader.mjs", import.meta.url).href
  const data = JSON.stringify({ url: `/packages/${file}`, text, replacement })
  const code = `import { register } from "node:module"; register(${JSON.stringify(loader)}, { data: ${data} })`
  return `data:text/javascript,${encodeURIComponent(code)}`
}

export const runChild = (args: ReadonlyArray<string>) =>
  Effect.async<string, string>((resume) => {
    const child = execFile(process.execPath, args, (error, stdout, stderr) => {
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(`${error.message}\n${stderr}`))
    })
    return Effect.sync(() => child.kill())
  })

/** Plays at most so many schedules, from the first seed of the mutant on, until one of its promises breaks. */
export const mutationTest = (mutant: Mutant, schedules: number) =>
  Effect.gen(function* () {
    yield* checkText(mutant)
    const worker = fileURLToPath(new URL("./mutationWorker.ts", import.meta.url))
    const args = [String(mutant.firstSeed), String(schedules), ...mutant.breaks]
    const output = yield* runChild(["--import", registration(mutant), "--import", "tsx", worker, ...args])
    return yield* decodeOutcome(output)
  }).pipe(
    Effect.mapError((error) =>
      error instanceof MutantOutdated ? error : new MutationTestFailed({ mutant: mutant.name, message: String(error) })
    )
  )
