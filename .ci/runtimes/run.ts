/** Runs the smoke test on every runtime that can be installed here, against one sandbox. */
import { build } from "esbuild"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { attempt } from "../commands.js"

interface Runtime {
  readonly name: string
  /** The package of npm that has it. */
  readonly installed: string
  readonly command: readonly [program: string, ...args: ReadonlyArray<string>]
}

const node = (major: number): Runtime => ({
  name: `Node ${major}`,
  installed: `node@${major}`,
  command: ["node", "command.js"]
})

const runtimes: ReadonlyArray<Runtime> = [
  node(20),
  node(22),
  node(24),
  node(26),
  { name: "Bun", installed: "bun@1", command: ["bun", "command.js"] },
  { name: "Deno", installed: "deno@2", command: ["deno", "run", "--allow-all", "command.js"] },
  { name: "workerd", installed: "workerd@1", command: ["workerd", "test", "worker.capnp"] }
]

/** The worker is one file, as workers have no modules to import: a `node:` import ends its build. */
const bundle = async (folder: string): Promise<void> => {
  const options = { absWorkingDir: folder, bundle: true, format: "esm", target: "es2022", outdir: folder } as const
  await build({ ...options, entryPoints: ["command.ts"], platform: "node", packages: "external" })
  await build({ ...options, entryPoints: ["worker.ts"], platform: "browser", conditions: ["workerd", "worker"] })
}

export const startSandbox = async (folder: string) => {
  const bin = join(folder, "node_modules", "@effect-tink", "sandbox", "dist", "bin.js")
  const sandbox = spawn(process.execPath, [bin, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] })
  const [firstLine] = await once(sandbox.stdout, "data")
  return { sandbox, url: /http:\S+/.exec(String(firstLine))?.[0] ?? "" }
}

const runOn = (folder: string, url: string, { command, installed, name }: Runtime): boolean => {
  const [program, ...args] = command
  const npx = (...rest: ReadonlyArray<string>) =>
    attempt("npx", ["--yes", "--package", installed, program, ...rest], { folder, environment: { TINK_BASE_URL: url } })
  const version = npx("--version")
  if (!version.isSuccess) {
    process.stdout.write(`   ${name}: LEFT OUT, as it cannot be installed here\n${version.output}`)
    return true
  }
  const { isSuccess, output } = npx(...args)
  process.stdout.write(`   ${name}: ${version.output.split("\n")[0]}, ${isSuccess ? "passed" : `failed\n${output}`}\n`)
  return isSuccess
}

/** Whether the smoke test passed wherever it could run. Says which runtimes could not be installed. */
export const runSmokeTests = async (folder: string): Promise<boolean> => {
  await bundle(folder)
  const { sandbox, url } = await startSandbox(folder)
  try {
    return runtimes.map((runtime) => runOn(folder, url, runtime)).every(Boolean)
  } finally {
    sandbox.kill()
  }
}
