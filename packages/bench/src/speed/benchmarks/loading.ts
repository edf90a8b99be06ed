import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { type Benchmark, byEffort } from "../benchmark.js"
import { bundle } from "../bundle.js"
import { effectTink } from "../clients/effectTink.js"
import { platformClient } from "../clients/platformClient.js"
import { atMost, compare, type Entrant } from "../comparison.js"
import { withPublished } from "../published.js"
import { interleave } from "../rounds.js"

interface Program extends Entrant {
  readonly file: string
  /** What the program imports. */
  readonly imports: ReadonlyArray<string>
}

const platform: Program = {
  name: platformClient.name,
  packages: ["@effect/platform"],
  file: "platform.ts",
  imports: [
    "@effect/platform/FetchHttpClient",
    "@effect/platform/HttpClient",
    "@effect/platform/HttpClientRequest",
    "@effect/platform/HttpClientResponse",
    "effect/Effect",
    "effect/Schema"
  ]
}

const library: Program = {
  name: effectTink.name,
  packages: effectTink.packages,
  file: "library.ts",
  imports: [
    "@effect-tink/http",
    "@effect-tink/user-cache",
    "@effect-tink/users",
    "@effect/platform/FetchHttpClient",
    "effect/Effect"
  ]
}

const loader = (imports: ReadonlyArray<string>) => `
const startedAt = performance.now()
await Promise.all(${JSON.stringify(imports)}.map((name) => import(name)))
const nanos = (performance.now() - startedAt) * 1e6
globalThis.gc()
console.log(JSON.stringify({ nanos, bytes: process.memoryUsage().heapUsed }))
`

const runFile = promisify(execFile)

/** Time and heap of the imports, in a fresh process. */
const load = async (folder: string, { file, imports }: Program) => {
  const path = join(folder, `${file}.mjs`)
  await writeFile(path, loader(imports))
  const { stdout } = await runFile(process.execPath, ["--expose-gc", path])
  const found: { readonly nanos: number; readonly bytes: number } = JSON.parse(stdout)
  return found
}

/** What an application pays before its first request. */
export const loading: Benchmark = {
  name: "loading",
  title: "loading",
  run: async (context) => {
    const rounds = byEffort(context, 21, 7, 1)
    const imports = await withPublished((folder) =>
      interleave([library, platform], rounds, (program, round) => {
        context.progress(`import, round ${round + 1}, ${program.name}`)
        return load(folder, program)
      })
    )
    context.progress("bundles")
    const bundles = await interleave([library, platform], 1, ({ file }) => bundle(file))
    return [
      compare({
        what: "to import it",
        unit: "time",
        reference: platform.name,
        samples: imports("nanos"),
        goals: (ratioOf) => [atMost(1.08, "time to import, over the platform client", ratioOf(library.name))]
      }),
      compare({
        what: "heap after the import",
        unit: "bytes",
        reference: platform.name,
        samples: imports("bytes"),
        goals: (ratioOf) => [atMost(1.15, "memory to import, over the platform client", ratioOf(library.name))]
      }),
      compare({
        what: "the bundle of a program, minified and compressed",
        unit: "bytes",
        reference: platform.name,
        samples: bundles("all")
      }),
      compare({
        what: "the code of this repository in it",
        unit: "bytes",
        reference: platform.name,
        samples: bundles("own"),
        goals: (_, valueOf) => {
          const own = valueOf(library.name)
          return [{ goal: "own code: at most 14 kB", found: `${(own / 1000).toFixed(1)} kB`, isReached: own <= 14_000 }]
        }
      })
    ]
  }
}
