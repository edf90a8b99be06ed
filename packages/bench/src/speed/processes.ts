/** Programs of this package in processes of their own. */
import { type ChildProcess, fork } from "node:child_process"
import { extname, join } from "node:path"
import { root } from "../contestants/packages.js"

/** `.js` for what `start.ts` has compiled, `.ts` in the tests. */
const extension = extname(import.meta.filename)

/** Starts a program, by its path in this folder. */
export const start = (program: string, flags: ReadonlyArray<string> = []): ChildProcess =>
  fork(join(import.meta.dirname, `${program}${extension}`), {
    cwd: root,
    execArgv: [...flags, ...(extension === ".ts" ? ["--import", "tsx"] : [])]
  })
