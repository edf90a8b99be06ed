/** Checks one statement after the other, and deletes what that made. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Statement, Progress } from "./statement.js"
import { cleanUp, statements } from "./statements.js"
import { App, describe } from "./wire.js"

export interface Row {
  readonly section: string
  readonly text: string
  readonly verdict: "confirmed" | "contradicted" | "not reached"
  /** What came instead, or why nothing did. */
  readonly remark: string
}

const checkStatement = (progress: Progress, { check, section, text }: Statement) =>
  Effect.match(check(progress), {
    onFailure: ({ why }): Row => ({ section, text, verdict: "not reached", remark: why }),
    onSuccess: ([answer, isAsStated]): Row =>
      isAsStated
        ? { section, text, verdict: "confirmed", remark: "" }
        : { section, text, verdict: "contradicted", remark: describe(answer) }
  })

/** Calls `onRow` with each statement's result. `onLeftover` gets the external id of a user that could not be deleted. */
export const walk = <E, R>(
  onRow: (row: Row) => Effect.Effect<void, E, R>,
  onLeftover: (externalUserId: string) => Effect.Effect<void>
) =>
  Effect.gen(function* () {
    const { connectedUser } = yield* App
    const progress: Progress = { connectedUser, externalUserId: `contract-${yield* Random.nextIntBetween(1e8, 1e9)}` }
    const rows = Effect.forEach(statements, (statement) => Effect.tap(checkStatement(progress, statement), onRow))
    return yield* Effect.ensuring(
      rows,
      Effect.flatMap(cleanUp(progress), (isLeft) => (isLeft ? onLeftover(progress.externalUserId) : Effect.void))
    )
  })

export const formatTable = (rows: ReadonlyArray<Row>): string =>
  [
    "| section | statement | verdict | instead |",
    "| --- | --- | --- | --- |",
    ...rows.map(({ remark, section, text, verdict }) => `| ${section} | ${text} | ${verdict} | ${remark} |`)
  ].join("\n")
