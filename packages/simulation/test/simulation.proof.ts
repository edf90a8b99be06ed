import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { generate } from "../src/generate.js"
import type { History } from "../src/history.js"
import * as Report from "../src/report.js"
import { attempt } from "../src/search.js"
import { shrink } from "../src/shrink.js"

const schedules = 80

const operations = [
  "createUser",
  "ensureUser",
  "deleteUser",
  "deleteUserBy",
  "createAuthorization",
  "getUserAccessToken",
  "authorize",
  "listCredentials",
  "getCredential",
  "refreshCredential",
  "deleteCredential"
]

const faults = ["delay", "slow-body", "drop-before", "drop-after", "cut-body", "garbage", "status"]

describe("the real layers", () => {
  const histories: Array<History> = []
  const total = (count: (history: History) => number) => histories.reduce((sum, history) => sum + count(history), 0)

  it.live(
    `keep every promise in ${schedules} schedules`,
    () =>
      Effect.promise(async () => {
        for (let seed = 1; seed <= schedules; seed++) {
          const { broken, history } = await attempt(generate(seed))
          if (broken !== undefined) assert.fail(Report.formatFailure(broken, await shrink(broken)))
          histories.push(history)
        }
      }),
    120_000
  )

  it("meet every operation, ending and fault in them", () => {
    const ended = (operation: string, ending: string) =>
      total(
        ({ calls }) =>
          calls.filter((call) => call.operation._tag === operation && call.ended?.ending._tag === ending).length
      )
    const endings = operations.flatMap((operation) =>
      ["Success", "Failure"].map((ending) => [`${operation}: ${ending}`, ended(operation, ending), 0] as const)
    )
    const met = faults.map(
      (kind) => [kind, total(({ requests }) => requests.filter(({ fault }) => fault?.kind === kind).length), 0] as const
    )
    const counted = (["hits", "joins", "misses", "bypasses"] as const).map(
      (name) => [name, total(({ counters }) => counters[name]), 20] as const
    )
    const interruptions = total(({ calls }) => calls.filter(({ ended }) => ended?.ending._tag === "Interrupted").length)
    const audits = total(({ audits }) => audits.length)
    const rows = [...endings, ...met, ...counted, ["interruptions", interruptions, 20], ["audits", audits, 10]] as const
    for (const [what, found, least] of rows) assert.isAbove(found, least, what)
  })
})
