/** The size of a program, bundled, minified and compressed. */
import { decode } from "@jridgewell/sourcemap-codec"
import { build } from "esbuild"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { root } from "../contestants/packages.js"

export interface Size {
  readonly all: number
  /** How much of it is this repository's own code. */
  readonly own: number
}

interface SourceMap {
  readonly sources: ReadonlyArray<string>
  readonly mappings: string
}

const compressed = (text: string): number => gzipSync(text, { level: 9 }).length

/** Each piece of the code runs from its own mapping to the next. */
const withoutOwn = (code: string, { mappings, sources }: SourceMap): string => {
  const isOwn = sources.map((source) => !source.includes("node_modules/"))
  const lines = code.split("\n")
  return decode(mappings)
    .map((segments, line) => {
      const text = lines[line] ?? ""
      const pieces = segments.map(([column, source = -1], index) =>
        isOwn[source] === true ? "" : text.slice(column, segments[index + 1]?.[0])
      )
      return text.slice(0, segments[0]?.[0]) + pieces.join("")
    })
    .join("\n")
}

export const bundle = async (program: string): Promise<Size> => {
  const { outputFiles = [] } = await build({
    entryPoints: [join(root, "src", "speed", "programs", program)],
    bundle: true,
    minify: true,
    sourcemap: "external",
    format: "esm",
    platform: "node",
    outdir: "out",
    write: false,
    logLevel: "error"
  })
  const code = outputFiles.find(({ path }) => path.endsWith(".js"))?.text ?? ""
  const map: SourceMap = JSON.parse(outputFiles.find(({ path }) => path.endsWith(".map"))?.text ?? "{}")
  return { all: compressed(code), own: compressed(code) - compressed(withoutOwn(code, map)) }
}
