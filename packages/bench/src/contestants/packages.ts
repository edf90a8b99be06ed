/** The packages that the contestants come from, as they are installed. */
import { readFileSync } from "node:fs"
import { join } from "node:path"

/** The folder of this package. What `speed/start.ts` compiles lies as deep as the sources. */
export const root = join(import.meta.dirname, "..", "..")

export const versionOf = (name: string): string => {
  if (name === "node") return process.versions.node
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(join(root, "node_modules", name, "package.json"), "utf8")
  )
  return manifest.version
}
