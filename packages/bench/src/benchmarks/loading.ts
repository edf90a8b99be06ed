import { build, type BuildOptions } from "esbuild"
import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import { type Benchmark, byEffort } from "../benchmark.js"
import { atMost, compare, type Entrant } from "../comparison.js"
import { effectTink } from "../contestants/effectTink.js"
import { platformClient } from "../contestants/platformClient.js"
import { root } from "../loopback.js"
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

/** In bytes, minified and compressed. */
const sizeOf = async ({ file }: Program, options: BuildOptions): Promise<number> => {
  const { outputFiles = [] } = await build({
    entryPoints: [join(root, "src", "programs", file)],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "error",
    ...options
  })
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
}

const loader = (imports: ReadonlyArray<string>) => `
const startedAt = performance.now()
await Promise.all(${JSON.stringify(imports)}.map((name) => import(name)))
const nanos = (performance.now() - startedAt) * 1e6
globalThis.gc()
console.log(JSON.stringify({ nanos, bytes: process.memoryUsage().heapUsed }))
`

const runFile = promisify(execFile)

/** What it takes to import them, in a process that has imported nothing. */
const load = async (folder: string, { file, imports }: Program) => {
  const path = join(folder, `${file}.mjs`)
  await writeFile(path, loader(imports))
  const { stdout } = await runFile(process.execPath, ["--expose-gc", path])
  const found: { readonly nanos: number; readonly bytes: number } = JSON.parse(stdout)
  return found
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`

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
    const external = ["effect", "effect/*", "@effect/platform", "@effect/platform/*"]
    const own = await sizeOf(library, { external })
    const all = await interleave([library, platform], 1, async (program) => ({ bytes: await sizeOf(program, {}) }))
    return [
      compare({
        what: "to import it",
        unit: "time",
        reference: platform.name,
        samples: imports("nanos"),
        goals: (ratioOf) => [atMost(1.15, "time to import, over the platform client", ratioOf(library.name))]
      }),
      compare({
        what: "heap after the import",
        unit: "bytes",
        reference: platform.name,
        samples: imports("bytes"),
        goals: (ratioOf) => [atMost(1.15, "memory to import, over the platform client", ratioOf(library.name))]
      }),
      compare({
        what: "own code, minified and compressed",
        unit: "bytes",
        reference: library.name,
        samples: [{ entrant: library, values: [own] }],
        goals: () => [{ goal: "own code: at most 15 kB", found: kilobytes(own), isReached: own <= 15_000 }]
      }),
      compare({ what: "the whole bundle", unit: "bytes", reference: platform.name, samples: all("bytes") })
    ]
  }
}
