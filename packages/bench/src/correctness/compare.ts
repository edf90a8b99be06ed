/** The command `compare`. */
import * as Command from "@effect/cli/Command"
import * as Progress from "@effect-tink/simulation/progress"
import * as Effect from "effect/Effect"
import { versionOf } from "../contestants/packages.js"
import { check } from "./checks.js"
import { adapters } from "./contestants.js"
import { invalidationMillis } from "./cost.js"
import { render, type Row } from "./table.js"

const compare = async (): Promise<void> => {
  const progress = Progress.make()
  const rows: Array<Row> = []
  for (const adapter of adapters) {
    const title = `${rows.length + 1} of ${adapters.length}: ${adapter.name}`
    progress.show(`${title}, correctness`)
    const findings = await check(adapter)
    progress.show(`${title}, cost of an invalidation`)
    const cost = {
      small: await invalidationMillis(adapter, 1_000),
      large: await invalidationMillis(adapter, 100_000)
    }
    rows.push({ adapter, version: versionOf(adapter.package), findings, cost })
  }
  progress.clear()
  process.stdout.write(render(rows, { isColoured: process.stdout.isTTY }))
}

export const command = Command.make("compare", {}, () => Effect.promise(compare)).pipe(
  Command.withDescription("Checks whether caches return stale values or disturb their readers, and prints a table.")
)
