/** Files for Node, which finds and reads each by itself: the modules of a package that are not public share a few. */
import { buildSync } from "esbuild"
import { readdirSync } from "node:fs"
import { join } from "node:path"

/** Writes the JavaScript of the package in a folder. Bundlers still leave out what an application does not import. */
export const bundle = (folder: string, outdir: string): void => {
  const source = join(folder, "src")
  const modules = readdirSync(source).filter((file) => file.endsWith(".ts"))
  buildSync({
    // Names in comments are relative to it.
    absWorkingDir: folder,
    entryPoints: modules.map((file) => join(source, file)),
    outbase: source,
    outdir,
    bundle: true,
    splitting: true,
    packages: "external",
    chunkNames: "internal/[hash]",
    sourcemap: true,
    sourcesContent: false,
    format: "esm",
    target: "es2022",
    logLevel: "error"
  })
}
