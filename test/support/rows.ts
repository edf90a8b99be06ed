import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TestContext from "effect/TestContext"

type Test<Row, E, R> = (row: Row, index: number) => Effect.Effect<unknown, E, R>

/** `concurrency` is 1 unless given: rows that share services see each other's requests. */
interface Options {
  readonly concurrency?: number
}

/**
 * Runs a test for every row, live, each in its own scope. All rows run; the failures of all of them are reported together,
 * each with the label of its row. A table without rows fails.
 */
export const everyRowLive = <Row, E, R>(
  rows: Iterable<Row>,
  label: (row: Row, index: number) => string,
  test: Test<Row, E, R>,
  { concurrency = 1 }: Options = {}
): Effect.Effect<void, never, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const all = [...rows]
    assert.isNotEmpty(all, "the table has no rows")
    const exits = yield* Effect.forEach(all, (row, index) => Effect.exit(Effect.scoped(test(row, index))), {
      concurrency
    })
    const failures = exits.flatMap((exit, index) => {
      const row = all[index]
      if (exit._tag === "Success" || row === undefined) return []
      return [`${label(row, index)}: ${Cause.pretty(exit.cause)}`]
    })
    if (failures.length > 0) assert.fail(`${failures.length} of ${all.length} rows failed\n${failures.join("\n")}`)
  })

/** Like `everyRowLive`, each row with its own test clock. */
export const everyRow = <Row, E, R>(
  rows: Iterable<Row>,
  label: (row: Row, index: number) => string,
  test: Test<Row, E, R>,
  options?: Options
) => everyRowLive(rows, label, (row, index) => Effect.provide(test(row, index), TestContext.TestContext), options)
