/** Work that needs a process of its own: a heap that nobody else has used, a garbage collector that comes when called. */
import { once } from "node:events"
import { start } from "./processes.js"

/** Has a worker of `workers` do a task, and returns what it found. */
export const inOwnProcess = async <Found>(worker: string, task: unknown): Promise<Found> => {
  // Code that is dropped because it has not run for a while would pass for memory of a contestant.
  const child = start(`workers/${worker}`, ["--expose-gc", "--no-flush-bytecode", "--max-old-space-size=8192"])
  child.send({ task })
  const [message] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [
    { readonly found: Found } | number | null
  ]
  if (typeof message === "number" || message === null) throw new Error(`the process ${worker} ended with ${message}`)
  return message.found
}

/** What a worker does with its task, once it is told. */
export const work = <Task>(run: (task: Task) => Promise<unknown>): void => {
  process.once("message", ({ task }: { readonly task: Task }) => {
    void run(task).then((found) => process.send?.({ found }, () => process.exit(0)))
  })
}
