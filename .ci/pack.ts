/**
 * `npm run pack`: builds the published packages from nothing and writes them to `dist/`, as tarballs. Those of one commit are
 * the same, byte for byte, wherever and however often it is packed.
 */
import { spawnSync } from "node:child_process"
import { readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { publishedPackages } from "./publishedPackages.js"

const root = join(import.meta.dirname, "..")

const pnpm = "pnpm@10.34.9"

/** The arguments are constants without spaces or quotes: Windows runs `npx.cmd` through its shell only. */
const run = (command: string, args: ReadonlyArray<string>): void => {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32"
  })
  if (status !== 0) process.exit(status ?? 1)
}

// A module that was deleted must not be published from an earlier build.
rmSync(join(root, "dist"), { recursive: true, force: true })
for (const output of publishedPackages.flatMap((name) => [`${name}/dist`, `${name}/tsconfig.build.tsbuildinfo`]))
  rmSync(join(root, "packages", output), { recursive: true, force: true })

run("npm", ["run", "--silent", "check:build"])
const filters = publishedPackages.flatMap((name) => ["--filter", `./packages/${name}`])
run("npx", ["--yes", pnpm, ...filters, "pack", "--pack-destination", join(root, "dist")])

for (const file of readdirSync(join(root, "dist"))) process.stdout.write(`dist/${file}\n`)
