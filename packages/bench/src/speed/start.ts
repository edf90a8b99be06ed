/**
 * `npm run bench`: compiles the benchmarks with the library, as applications do, and runs them. Run by `tsx`, they would
 * measure its own overhead, too.
 */
import { build } from "esbuild"
import { fork } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../contestants/packages.js"

const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8")
)
const peers = Object.keys(dependencies).filter((name) => !name.startsWith("@effect-tink/"))

await build({
  entryPoints: ["bin", "origin", "workers/followers", "workers/invalidation", "workers/memory"].map((name) =>
    join(root, "src", "speed", `${name}.ts`)
  ),
  outbase: join(root, "src", "speed"),
  outdir: join(root, "dist", "speed"),
  bundle: true,
  splitting: true,
  external: [...peers, "esbuild", "@jridgewell/sourcemap-codec"].flatMap((name) => [name, `${name}/*`]),
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "error"
})

const [code] = await once(
  fork(join(root, "dist", "speed", "bin.js"), process.argv.slice(2), { execArgv: ["--expose-gc"] }),
  "exit"
)
process.exitCode = typeof code === "number" ? code : 1
