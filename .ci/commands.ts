/** Running other programs. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"

export const root = join(import.meta.dirname, "..")

/** Installed by none of the manifests, so its version is here, and in the root's `package.json`. */
export const pnpm = "pnpm@10.34.9"

export interface Options {
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
}

/**
 * Runs a program to its end, and returns its exit code and what it printed. On Windows npm and npx need a shell, so the
 * arguments must have no spaces or quotes there.
 */
export const attempt = (command: string, args: ReadonlyArray<string>, { environment, folder = root }: Options = {}) => {
  const { error, status, stderr, stdout } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32"
  })
  return {
    isSuccess: status === 0,
    output: `${stdout ?? ""}${stderr ?? ""}${error === undefined ? "" : String(error)}`
  }
}

/** Like `attempt`, but a failure ends this process with what the program printed. */
export const run = (command: string, args: ReadonlyArray<string>, options: Options = {}): string => {
  const { isSuccess, output } = attempt(command, args, options)
  if (isSuccess) return output
  process.stderr.write(`${[command, ...args].join(" ")} failed:\n${output}`)
  process.exit(1)
}

/** A program of the registry, in one version. */
export const npx = (program: string, args: ReadonlyArray<string>, options: Options = {}): string =>
  run("npx", ["--yes", program, ...args], options)
