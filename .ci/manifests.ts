/**
 * Writes what the manifests of all published packages share, from the root's `package.json`.
 * With `--check` it only says whether they are current.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import { publishedPackages } from "./publishedPackages.js"

const root = join(import.meta.dirname, "..")

type Manifest = Readonly<Record<string, unknown>>

const read = (path: string): Manifest => JSON.parse(readFileSync(path, "utf8"))

const { bugs, engines, homepage, license, repository } = read(join(root, "package.json"))

/** Modules that cannot be imported from outside, though the pattern of the exports has them. */
const closedModules = (folder: string): Manifest => ({
  ...(existsSync(join(folder, "src", "bin.ts")) && { "./bin": null }),
  "./internal/*": null
})

const modules = (folder: string, forFile: (name: string) => unknown): Manifest => ({
  ".": forFile("index"),
  "./*": forFile("*"),
  ...closedModules(folder),
  "./package.json": "./package.json"
})

const shared = (name: string, manifest: Manifest): Manifest => {
  const folder = join(root, "packages", name)
  const { publishConfig } = manifest
  return {
    ...manifest,
    license,
    homepage: `${String(homepage).replace("#readme", "")}/tree/main/packages/${name}#readme`,
    repository: { ...Object(repository), directory: `packages/${name}` },
    bugs,
    engines,
    type: "module",
    sideEffects: existsSync(join(folder, "src", "bin.ts")) ? ["./dist/bin.js", "./src/bin.ts"] : false,
    exports: modules(folder, (file) => `./src/${file}.ts`),
    publishConfig: {
      ...Object(publishConfig),
      access: "public",
      exports: modules(folder, (file) => ({ types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }))
    }
  }
}

/** In the order in which a reader looks for them. */
const order = [
  "name",
  "version",
  "description",
  "keywords",
  "license",
  "homepage",
  "repository",
  "bugs",
  "engines",
  "type",
  "sideEffects",
  "exports",
  "files",
  "publishConfig"
]

const inOrder = (manifest: Manifest): Manifest =>
  Object.fromEntries([
    ...order.filter((key) => key in manifest).map((key) => [key, manifest[key]]),
    ...Object.entries(manifest).filter(([key]) => !order.includes(key))
  ])

const write = !process.argv.includes("--check")

for (const name of publishedPackages) {
  const path = join(root, "packages", name, "package.json")
  const manifest = read(path)
  const text = JSON.stringify(inOrder(shared(name, manifest)))
  const written = await format(text, { ...(await resolveConfig(path)), filepath: path, parser: "json-stringify" })
  if (written === readFileSync(path, "utf8")) continue
  if (write) writeFileSync(path, written)
  else {
    process.stderr.write(`packages/${name}/package.json is not current: npm run format writes it\n`)
    process.exitCode = 1
  }
}
