/** Programs of this package in processes of their own. */
import { type ChildProcess, fork } from "node:child_process"
import { extname, join } from "node:path"

export const root = join(import.meta.dirname, "..")

/** Both for what `start.ts` has compiled and for what is not, as in the tests. */
const extension = extname(import.meta.filename)

/** Starts a program, named as it is in `src`. */
export const start = (program: string, flags: ReadonlyArray<string> = []): ChildProcess =>
  fork(join(import.meta.dirname, `${program}${extension}`), {
    cwd: root,
    execArgv: [...flags, ...(extension === ".ts" ? ["--import", "tsx"] : [])]
  })
