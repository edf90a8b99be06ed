import { assert, describe, it } from "@effect/vitest"
import type { Credential } from "@effect-tink/users"
import { WebhookEvent } from "@effect-tink/webhooks"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import { everyRow } from "../../../test/support/rows.js"
import { toBytes } from "./helpers.js"

const userId = "00000000000000000000000000000001"
const credentialsId = "00000000000000000000000000000002"
const accountId = "00000000000000000000000000000003"
const externalUserId = "cust-0001"

const context = { userId, externalUserId }
const ids = { userId, externalUserId }

const decode = (body: unknown) => WebhookEvent.decode(toBytes(typeof body === "string" ? body : JSON.stringify(body)))

const plain = (event: WebhookEvent.WebhookEvent): unknown =>
  JSON.parse(JSON.stringify("body" in event ? { ...event, body: Redacted.value(event.body) } : event))

/** tink-api.md 9.3. */
const failedRefresh = {
  context,
  content: {
    credentialsId,
    credentialsStatus: "AUTHENTICATION_ERROR",
    status: "AUTHENTICATION_ERROR",
    finished: 1_700_000_000_000,
    source: "OPERATION_SOURCE_API",
    sessionExpiryDate: 1_707_776_000_000,
    detailedError: {
      type: "USER_LOGIN_ERROR",
      displayMessage: "",
      details: { reason: "STATIC_CREDENTIALS_INCORRECT", retryable: false }
    }
  },
  event: "refresh:finished"
}

const refreshWith = (content: object) => ({
  ...failedRefresh,
  content: { credentialsId, status: "UPDATED", ...content }
})

const refreshed = { _tag: "RefreshFinished", event: "refresh:finished", ...ids, credentialsId, status: "UPDATED" }

const transactions = { earliestModifiedBookedDate: "2026-01-01", latestModifiedBookedDate: "2026-01-31" }

const payment = { event: "payment:updated", context: {}, content: { id: "p1", amount: 1.5, destination: "planted" } }

const documented: ReadonlyArray<readonly [body: unknown, expected: object]> = [
  [
    failedRefresh,
    {
      ...refreshed,
      status: "AUTHENTICATION_ERROR",
      finished: "2023-11-14T22:13:20.000Z",
      source: "OPERATION_SOURCE_API",
      sessionExpiryDate: "2024-02-12T22:13:20.000Z",
      detailedError: failedRefresh.content.detailedError
    }
  ],
  // The external id under the content, and one page's prefix.
  [
    {
      event: "refresh:finished",
      context: { userId },
      content: { credentialsId, externalUserId, status: "STATUS_UPDATED" }
    },
    refreshed
  ],
  // The newer of the two names.
  [refreshWith({ credentialsStatus: "SESSION_EXPIRED", status: null }), { ...refreshed, status: "SESSION_EXPIRED" }],
  [refreshWith({ status: "A_NEW_STATUS" }), { ...refreshed, status: "A_NEW_STATUS" }],
  [
    {
      context,
      event: "account-transactions:modified",
      content: {
        userId,
        externalUserId,
        account: { id: accountId },
        transactions: { ...transactions, inserted: 3, updated: "2", deleted: 0 }
      }
    },
    {
      _tag: "TransactionsModified",
      event: "account-transactions:modified",
      ...ids,
      accountId,
      ...transactions,
      inserted: 3,
      updated: 2,
      deleted: 0
    }
  ],
  // Without a context, and without dates.
  [
    {
      event: "account-booked-transactions:modified",
      content: { userId, account: { id: accountId }, transactions: { earliestModifiedBookedDate: "" } }
    },
    { _tag: "TransactionsModified", event: "account-booked-transactions:modified", userId, accountId }
  ],
  [
    {
      event: "account-transactions:deleted",
      context,
      content: { userId, account: { id: accountId }, transactions: { ids: ["t1", "t2"] } }
    },
    {
      _tag: "TransactionsDeleted",
      event: "account-transactions:deleted",
      ...ids,
      accountId,
      transactionIds: ["t1", "t2"]
    }
  ],
  [
    { event: "account:created", context, content: { id: accountId } },
    { _tag: "AccountChanged", event: "account:created", ...ids, accountId }
  ],
  [
    { event: "account:updated", context, content: { id: accountId } },
    { _tag: "AccountChanged", event: "account:updated", ...ids, accountId }
  ],
  [payment, { _tag: "Other", event: "payment:updated", body: payment }],
  [
    { event: "a-new:event", context },
    { _tag: "Other", event: "a-new:event", ...ids, body: { event: "a-new:event", context } }
  ],
  [
    { event: "constructor", context: null },
    { _tag: "Other", event: "constructor", body: { event: "constructor", context: null } }
  ]
]

const lenient: ReadonlyArray<readonly [member: string, value: unknown]> = [
  ["finished", "1700000000000"],
  ["finished", "soon"],
  ["finished", 9e15],
  ["finished", 1.5],
  ["finished", "0x10"],
  ["sessionExpiryDate", 0],
  ["sessionExpiryDate", {}],
  ["source", 7],
  ["detailedError", "none"],
  ["aNewMember", []]
]

const refused: ReadonlyArray<readonly [body: unknown, detail: string]> = [
  ["", "the body is not JSON"],
  ["{", "the body is not JSON"],
  ["[]", "the body is not a JSON object"],
  ["null", "the body is not a JSON object"],
  [{}, "event is not a name"],
  [{ event: 7 }, "event is not a name"],
  [{ event: "" }, "event is not a name"],
  [{ event: "refresh:finished", context }, "not as documented: credentialsId"],
  [refreshWith({ credentialsId: "../planted" }), "not as documented: credentialsId"],
  [refreshWith({ status: 7 }), "not as documented: status"],
  [refreshWith({ status: "" }), "not as documented: status"],
  [{ ...refreshWith({}), context: { userId: "planted/.." } }, "not as documented: userId"],
  [{ event: "a-new:event", context: { userId: "planted/.." } }, "not as documented: userId"],
  [
    refreshWith({ userId: "00000000000000000000000000000009" }),
    "userId is not the same in the context and in the content"
  ],
  [{ event: "account:created", context, content: {} }, "not as documented: accountId"],
  // Nested deeper than the stack.
  [`{"event":"a-new:event","context":{"userId":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`, "not as documented"]
]

describe("WebhookEvent.decode", () => {
  it.effect("decodes what Tink documents, and keeps what it does not know", () =>
    everyRow(
      documented,
      ([body]) => JSON.stringify(body),
      ([body, expected]) => Effect.map(decode(body), (event) => assert.deepStrictEqual(plain(event), expected))
    )
  )

  it.effect("loses no event because of a member that identifies nothing", () =>
    everyRow(
      lenient,
      ([member, value]) => `${member}: ${JSON.stringify(value)}`,
      ([member, value]) =>
        Effect.map(decode(refreshWith({ [member]: value })), (event) => assert.deepInclude(plain(event), refreshed))
    )
  )

  it.effect("refuses what does not identify itself, and repeats none of it", () =>
    everyRow(
      refused,
      ([body]) => JSON.stringify(body).slice(0, 200),
      ([body, detail]) =>
        Effect.map(Effect.flip(decode(body)), (error) => {
          assert.strictEqual(error.reason, "Decode")
          assert.strictEqual(error.detail, detail)
          assert.notInclude(Inspectable.format(error), "planted")
        })
    )
  )

  it.effect("refuses a body that is not UTF-8", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(WebhookEvent.decode(new Uint8Array([0x22, 0xff, 0x22])))
      assert.strictEqual(error.detail, "the body is not JSON")
    })
  )

  it.effect("redacts the body of an event that it does not know", () =>
    Effect.gen(function* () {
      // The old shape, which holds the secret of the endpoint (tink-api.md 9.3).
      const event = yield* decode({ event: "credentials:update", webhook: { secret: "planted" }, content: { userId } })
      assert.strictEqual(event.userId, userId)
      for (const shown of [Inspectable.format(event), JSON.stringify(event), `${String(event)}`]) {
        assert.notInclude(shown, "planted")
      }
    })
  )

  it.effect("has the types of a credential, told apart by the name", () =>
    Effect.gen(function* () {
      const event = yield* decode(failedRefresh)
      if (event._tag !== "RefreshFinished") return assert.fail("another event")
      const status: Credential.Status = event.status
      assert.strictEqual(status, "AUTHENTICATION_ERROR")
      assert.strictEqual(event.finished && DateTime.toEpochMillis(event.finished), 1_700_000_000_000)
    })
  )
})

describe("a member that cannot be read", () => {
  it.effect("is left out and counted, and one that is absent is not counted", () =>
    Effect.gen(function* () {
      const counted = Effect.map(Metric.snapshot, (pairs) =>
        pairs
          .filter(({ metricKey }) => metricKey.name === "tink_unreadable_members_total")
          .filter(({ metricKey }) => metricKey.tags.some(({ value }) => value === "RefreshFinished"))
          .reduce((sum, { metricState }) => sum + ("count" in metricState ? Number(metricState.count) : 0), 0)
      )
      const before = yield* counted
      const content = { credentialsId, status: "UPDATED", finished: "soon", source: null, sessionExpiryDate: 0 }
      const event = yield* decode({ context, content, event: "refresh:finished" })
      assert.notProperty(event, "finished")
      assert.strictEqual((yield* counted) - before, 1)
    })
  )
})
