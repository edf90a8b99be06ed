/**
 * Gives the packages the version that the changesets ask for, and writes their changelogs and the `User-Agent`:
 * `node --import tsx .ci/version.ts`.
 *
 * Changesets takes a new minor of a peer for a breaking change, so that 0.2.0 of `http` would make 1.0.0 of all. The packages share a
 * version, so their peers among themselves are hidden from it.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { attempt, root } from "./commands.js"
import { publishedPackages } from "./publishedPackages.js"

const manifests = publishedPackages.map((name) => {
  const path = join(root, "packages", name, "package.json")
  return { path, text: readFileSync(path, "utf8") }
})

const write = (path: string, manifest: unknown): void => writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`)

for (const { path, text } of manifests) {
  const manifest = JSON.parse(text)
  const peers = Object.entries(manifest.peerDependencies).filter(([name]) => !name.startsWith("@effect-tink/"))
  write(path, { ...manifest, peerDependencies: Object.fromEntries(peers) })
}
const { isSuccess, output } = attempt("npx", ["--yes", "@changesets/cli@2", "version"])
for (const { path, text } of manifests) {
  const { version } = JSON.parse(readFileSync(path, "utf8"))
  write(path, { ...JSON.parse(text), version })
}
const { version } = JSON.parse(readFileSync(join(root, "packages", "http", "package.json"), "utf8"))
const exchange = join(root, "packages", "http", "src", "internal", "exchange.ts")
writeFileSync(exchange, readFileSync(exchange, "utf8").replace(/"effect-tink\/[\d.]+"/, `"effect-tink/${version}"`))
process.stdout.write(output)
process.exit(isSuccess ? 0 : 1)
