/** The folders in `packages/` that are published, in the order of their names. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const packages = join(import.meta.dirname, "..", "packages")

const isPrivate = (name: string): boolean =>
  JSON.parse(readFileSync(join(packages, name, "package.json"), "utf8")).private === true

export const publishedPackages: ReadonlyArray<string> = readdirSync(packages).filter((name) => !isPrivate(name))
