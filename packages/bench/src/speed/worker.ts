/** Tasks in a process of their own: with a fresh heap, and a garbage collector that can be called. */
import { once } from "node:events"
import { start } from "./processes.js"

/** Runs a task in a program of `workers`, and returns its result. */
export const runWorker = async <Found>(worker: string, task: unknown): Promise<Found> => {
  // Without this flag V8 drops code that has not run for a while, which would count as memory of a contestant.
  const child = start(`workers/${worker}`, ["--expose-gc", "--no-flush-bytecode", "--max-old-space-size=8192"])
  child.send({ task })
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [
    { readonly found: Found } | number | null
  ]
  if (typeof message === "number" || message === null) throw new Error(`the process ${worker} ended with ${message}`)
  return message.found
}

/** In a worker: waits for its task, runs it, and sends the result. */
export const serveTask = <Task>(run: (task: Task) => Promise<unknown>): void => {
  process.once("message", ({ task }: { readonly task: Task }) => {
    void run(task).then((found) => process.send?.({ found }, () => process.exit(0)))
  })
}
