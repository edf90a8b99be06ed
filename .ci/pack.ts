/**
 * `npm run pack`: builds the published packages from nothing and writes them to `dist/`, as tarballs. Those of one commit are
 * the same, byte for byte, wherever and however often it is packed.
 */
import { readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { bundle } from "./bundle.js"
import { npx, pnpm, root, run } from "./commands.js"
import { publishedPackages } from "./publishedPackages.js"

/** What applications load when they start. The sandbox finds a file from where its module is. */
const bundledPackages = ["http", "user-cache", "users"]

/** Replaces the JavaScript that the compiler wrote. Its declarations stay. */
const bundleBuilt = (name: string): void => {
  const folder = join(root, "packages", name)
  const dist = join(folder, "dist")
  for (const file of readdirSync(dist, { encoding: "utf8", recursive: true })) {
    if (/\.js(\.map)?$/.test(file)) rmSync(join(dist, file))
  }
  bundle(folder, dist)
}

/** Returns the paths of the tarballs. */
export const pack = (): ReadonlyArray<string> => {
  const dist = join(root, "dist")
  // A module that was deleted must not be published from an earlier build.
  rmSync(dist, { recursive: true, force: true })
  for (const output of publishedPackages.flatMap((name) => [`${name}/dist`, `${name}/tsconfig.build.tsbuildinfo`]))
    rmSync(join(root, "packages", output), { recursive: true, force: true })
  run("npm", ["run", "--silent", "check:build"])
  bundledPackages.forEach(bundleBuilt)
  const filters = publishedPackages.flatMap((name) => ["--filter", `./packages/${name}`])
  npx(pnpm, [...filters, "pack", "--pack-destination", "dist"])
  return readdirSync(dist).map((file) => join(dist, file))
}

if (process.argv[1] === import.meta.filename) {
  for (const path of pack()) process.stdout.write(`${path}\n`)
}
