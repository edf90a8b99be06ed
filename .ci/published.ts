/**
 * `npm run check:published`: whether the packages are what an application can install. Packed twice they are the same, publint
 * and arethetypeswrong find nothing, npm and pnpm install them, and they run on every runtime.
 */
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { npx, pnpm, root, run } from "./commands.js"
import { pack } from "./pack.js"
import { runApplication } from "./readme.js"
import { runSmokeTests, startSandbox } from "./runtimes/run.js"

const say = (line: string): void => void process.stdout.write(`── ${line}\n`)

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

const hashes = (tarballs: ReadonlyArray<string>): ReadonlyArray<string> =>
  tarballs.map((path) => `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${basename(path)}`)

say("Packing twice")
const before = hashes(pack())
const tarballs = pack()
const changed = hashes(tarballs).filter((line) => !before.includes(line))
if (changed.length > 0) fail(`Packed again, these differ:\n${changed.join("\n")}`)

for (const tarball of tarballs) {
  say(`publint and arethetypeswrong: ${basename(tarball)}`)
  npx("publint@0.3.25", [tarball, "--strict"])
  npx("@arethetypeswrong/cli@0.18.5", [tarball, "--profile", "esm-only"])
}

const folders = mkdtempSync(join(tmpdir(), "effect-tink-"))
process.on("exit", () => rmSync(folders, { recursive: true, force: true }))

const makeFolder = (name: string): string => {
  const folder = join(folders, name)
  mkdirSync(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  return folder
}

/** The versions that the README names. */
const peers = ["effect@3", "@effect/platform@0.97", "@effect/platform-node@0.108"]
const wanted = [...tarballs, ...peers]
const types = `import { TinkHttp } from "@effect-tink/http"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { Effect, type Layer } from "effect"

export const layer: Layer.Layer<Users.Users, never, TinkHttp.TinkHttp | UserCache.UserCache> = Users.layer
export const program = Effect.flatMap(Users.Users, (users) => users.createUser({ market: "SE", locale: "sv_SE" }))
`

const installations: ReadonlyArray<readonly [name: string, install: (folder: string) => unknown]> = [
  ["npm", (folder) => run("npm", ["install", "--no-audit", "--no-fund", ...wanted], { folder })],
  ["pnpm", (folder) => npx(pnpm, ["add", "--strict-peer-dependencies", ...wanted], { folder })]
]

for (const [name, install] of installations) {
  say(`Installing with ${name}, from the tarballs alone`)
  const folder = makeFolder(name)
  install(folder)
  writeFileSync(join(folder, "types.ts"), types)
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc")
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"]
  run(process.execPath, [tsc, ...options, "types.ts"], { folder })
}

say("Running on every runtime")
const folder = join(folders, "npm")
for (const file of ["smokeTest.ts", "command.ts", "worker.ts", "worker.capnp"])
  cpSync(join(root, ".ci", "runtimes", file), join(folder, file))
if (!(await runSmokeTests(folder))) fail("The packages do not run everywhere")

say("Running the application of the README")
const { sandbox, url } = await startSandbox(folder)
const isAsDescribed = runApplication(folder, url)
sandbox.kill()
if (!isAsDescribed) fail("The application of the README does not print the credential twice")
