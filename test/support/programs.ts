/** Programs for tests that start them, bundled: a process then starts in a fraction of the time that tsx takes. */
import { build, type Plugin } from "esbuild"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { afterAll } from "vitest"

/** Lets the sources of this repository find the files beside them, and native code its libraries. */
const inPlace: Plugin = {
  name: "in-place",
  setup: ({ onLoad, onResolve, resolve }) => {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8")
      return { loader: "ts", contents: source.replaceAll("import.meta.dirname", JSON.stringify(dirname(path))) }
    })
    onResolve({ filter: /^libsql$/ }, async ({ importer, kind, path, pluginData, resolveDir }) => {
      if (pluginData === inPlace) return undefined
      const found = await resolve(path, { importer, kind, pluginData: inPlace, resolveDir })
      return { path: found.path, external: true }
    })
  }
}

const bundle = async (programs: ReadonlyArray<string>, folder: string) =>
  build({
    entryPoints: [...programs],
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    // What is CommonJS in the bundle requires modules of Node.
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
    external: ["bun:*"],
    plugins: [inPlace],
    logLevel: "error"
  })

/**
 * Bundles a program, and programs of the same folder that it starts. Returns the file of the first. A test file calls this
 * outside of its tests: the bundle is deleted after all of them.
 */
export const bundled = (program: string, ...others: ReadonlyArray<string>): Promise<string> => {
  const folder = mkdtemp(join(tmpdir(), "programs-"))
  afterAll(async () => rm(await folder, { recursive: true, force: true }))
  return folder.then(async (folder) => {
    await bundle([program, ...others], folder)
    return join(folder, basename(program, ".ts") + ".mjs")
  })
}
