import { assert, describe, it } from "@effect/vitest"
import * as Ids from "@effect-tink/http/Ids"
import { TinkSandbox } from "@effect-tink/sandbox"
import { type Credential, type Refresh, Users, UserSession } from "@effect-tink/users"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { makeTracer } from "../../../test/support/tracer.js"
import {
  failure,
  getToken,
  GRANT,
  makeSession,
  makeUser,
  pass,
  provideAll,
  provideAnswers,
  takeLines,
  takeSent,
  TOKEN,
  withTime
} from "./helpers.js"

const sandbox = { authenticatingTime: "3 seconds", updatingTime: "3 seconds" } as const

type Session = UserSession.UserSession<"credentials:read" | "credentials:refresh">

const refreshAndWait = (session: Session, id: Ids.CredentialsId, options?: Refresh.RefreshAndWaitOptions) =>
  Effect.flatMap(Users.Users, (users) => users.refreshAndWait(session, id, options))

const REFRESH = /^POST .*\/refresh$/

/** How often a refresh was asked for since the record of the wire was last emptied. */
const takeRefreshes = Effect.map(takeLines, (lines) => lines.filter((line) => REFRESH.test(line)).length)

describe("refreshAndWait ends with", () => {
  const outcomes = [
    ["UPDATED", "Updated"],
    ["TEMPORARY_ERROR", "Temporary"],
    ["PERMANENT_ERROR", "Permanent"],
    ["IGNORED", "Refused"]
  ] as const
  it.effect("the outcome of the credential's final status", () =>
    everyRow(
      outcomes,
      ([nextRefresh]) => nextRefresh,
      ([nextRefresh, tag]) =>
        Effect.gen(function* () {
          const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
          const { credentialsId, session } = yield* makeSession
          yield* setNextRefresh(credentialsId, nextRefresh)
          const outcome = yield* withTime(refreshAndWait(session, credentialsId))
          assert.strictEqual(outcome._tag, tag)
          assert.strictEqual(outcome.credential.status, nextRefresh === "IGNORED" ? "UPDATED" : nextRefresh)
          assert.strictEqual(outcome.credential.id, credentialsId)
          assert.strictEqual(yield* takeRefreshes, 1)
        }).pipe(provideAll({ sandbox }))
    )
  )

  const whys = [
    "AUTHENTICATION_ERROR",
    "SESSION_EXPIRED",
    "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
    "AWAITING_MOBILE_BANKID_AUTHENTICATION",
    "AWAITING_SUPPLEMENTAL_INFORMATION"
  ] as const
  it.effect("NeedsUser in every status that only the user can change", () =>
    everyRow(
      whys,
      (why) => why,
      (why) =>
        Effect.gen(function* () {
          const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
          const { credentialsId, session } = yield* makeSession
          yield* setNextRefresh(credentialsId, why)
          const outcome = yield* withTime(refreshAndWait(session, credentialsId))
          if (outcome._tag !== "NeedsUser") return assert.fail(outcome._tag)
          assert.strictEqual(outcome.why, why)
          assert.strictEqual(outcome.credential.status, why)
        }).pipe(provideAll({ sandbox }))
    )
  )

  it.effect("NeedsUser when nothing moves because the consent has run out", () =>
    Effect.gen(function* () {
      const { expireSession, setNextRefresh } = yield* TinkSandbox.TinkSandbox
      // Not at the epoch, as an expiry date of 0 means no date.
      yield* TestClock.adjust("1 hour")
      const { credentialsId, session } = yield* makeSession
      yield* expireSession(credentialsId)
      yield* setNextRefresh(credentialsId, "IGNORED")
      const outcome = yield* withTime(refreshAndWait(session, credentialsId))
      if (outcome._tag !== "NeedsUser") return assert.fail(outcome._tag)
      assert.strictEqual(outcome.why, "SESSION_EXPIRED")
      assert.strictEqual(outcome.credential.status, "UPDATED")
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("Permanent when nothing moves because the bank is disabled", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* setNextRefresh(credentialsId, "PERMANENT_ERROR")
      yield* users.refreshCredential(session, credentialsId)
      assert.strictEqual((yield* withTime(refreshAndWait(session, credentialsId)))._tag, "Permanent")
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("StillRunning when the schedule ends first, with what was seen last", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo("4 seconds"))
      const outcome = yield* withTime(refreshAndWait(session, credentialsId, { schedule }))
      assert.strictEqual(outcome._tag, "StillRunning")
      assert.strictEqual(outcome.credential.status, "UPDATING")
    }).pipe(provideAll({ sandbox: { ...sandbox, updatingTime: "1 minute" } }))
  )

  it.effect("Updated for the new UPDATED only, while the old one is still read", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      const before = yield* users.getCredential(session, credentialsId)
      const outcome = yield* withTime(refreshAndWait(session, credentialsId))
      assert.strictEqual(outcome._tag, "Updated")
      assert.notDeepEqual(outcome.credential.statusUpdated, before.statusUpdated)
    }).pipe(provideAll({ sandbox: { ...sandbox, acceptingTime: "20 seconds" } }))
  )

  it.effect("the failure of a second attempt where the first had the same status", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* setNextRefresh(credentialsId, "TEMPORARY_ERROR")
      yield* withTime(refreshAndWait(session, credentialsId))
      const before = yield* users.getCredential(session, credentialsId)
      yield* setNextRefresh(credentialsId, "TEMPORARY_ERROR")
      const outcome = yield* withTime(refreshAndWait(session, credentialsId))
      assert.strictEqual(outcome._tag, "Temporary")
      assert.notDeepEqual(outcome.credential.statusUpdated, before.statusUpdated)
    }).pipe(provideAll({ sandbox: { ...sandbox, acceptingTime: "5 seconds" } }))
  )
})

describe("refreshAndWait", () => {
  it.effect("reports each status on the way", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      const seen: Array<string> = []
      const onProgress = ({ status }: Credential.Credential) => Effect.sync(() => void seen.push(status))
      yield* withTime(refreshAndWait(session, credentialsId, { onProgress }))
      assert.deepStrictEqual(seen, ["AUTHENTICATING", "UPDATING", "UPDATED"])
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("takes the options of refreshCredential", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      yield* withTime(refreshAndWait(session, credentialsId, { items: ["CHECKING_ACCOUNTS"] }))
      const { requests } = yield* TinkSandbox.TinkSandbox
      const asked = (yield* requests).flatMap(({ refresh }) => (refresh === null ? [] : [refresh.items]))
      assert.deepStrictEqual(asked, [["CHECKING_ACCOUNTS"]])
    }).pipe(provideAll({ sandbox }))
  )
})

describe("the span of refreshAndWait", () => {
  it.effect("has the refresh and the caller's progress in it, but no shared poll", () =>
    Effect.gen(function* () {
      const { tracer, spans } = makeTracer(constVoid)
      const { credentialsId, session, userId } = yield* makeSession
      const onProgress = () => Effect.withSpan(Effect.void, "progress")
      yield* withTime(refreshAndWait(session, credentialsId, { onProgress })).pipe(Effect.withTracer(tracer))
      const [span, ...others] = spans.filter(({ name }) => name === "Users.refreshAndWait")
      assert.deepStrictEqual(others, [])
      assert.isTrue(span !== undefined && Option.isNone(span.parent))
      assert.strictEqual(span?.attributes.get("tink.user_id"), userId)
      const inside = spans.filter(({ parent }) => Option.getOrUndefined(parent) === span)
      assert.deepStrictEqual(
        inside.map(({ name }) => name),
        ["Users.getCredential", "Users.refreshCredential", "progress", "progress", "progress"]
      )
    }).pipe(provideAll({ sandbox }))
  )
})

describe("refreshAndWait fails", () => {
  it.effect("with RateLimited when Tink says so, and nothing runs", () =>
    Effect.gen(function* () {
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* injectFault({ kind: "status", status: 429, path: "/api/v1/credentials/{id}/refresh" })
      assert.strictEqual((yield* failure(refreshAndWait(session, credentialsId))).reason, "RateLimited")
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )

  it.effect("not when another process refreshes the credential, but follows that refresh", () =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const { credentialsId, session } = yield* makeSession
      yield* users.refreshCredential(session, credentialsId)
      assert.strictEqual((yield* withTime(refreshAndWait(session, credentialsId)))._tag, "Updated")
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )

  it.effect("when the refresh was ambiguous, and the status does not change", () =>
    Effect.gen(function* () {
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* injectFault({ kind: "drop-before", path: "/api/v1/credentials/{id}/refresh" })
      const error = yield* failure(withTime(refreshAndWait(session, credentialsId)))
      assert.strictEqual(error.reason, "Transport")
      assert.isTrue(error.isAmbiguous)
      assert.strictEqual(yield* takeRefreshes, 1)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("when the schedule ends before the first answer", () =>
    Effect.gen(function* () {
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* injectFault({ kind: "drop-before", path: "/api/v1/credentials/{id}/refresh" })
      const error = yield* failure(withTime(refreshAndWait(session, credentialsId, { schedule: Schedule.stop })))
      assert.isTrue(error.isAmbiguous)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("not when the refresh was accepted although its answer was lost", () =>
    Effect.gen(function* () {
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* injectFault({ kind: "drop-after", path: "/api/v1/credentials/{id}/refresh" })
      assert.strictEqual((yield* withTime(refreshAndWait(session, credentialsId)))._tag, "Updated")
      assert.strictEqual(yield* takeRefreshes, 1)
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("with Forbidden before anything is sent, when either scope is missing", () =>
    Effect.gen(function* () {
      const { credentialsId, userId } = yield* makeUser()
      const { accessToken } = yield* getToken(userId)
      yield* takeSent
      for (const scope of ["credentials:read", "credentials:refresh"] as const) {
        const session = UserSession.make({ userId, accessToken, scopes: [scope] })
        // To the type it has both, as which one it is shows at run time only.
        const error = yield* failure(refreshAndWait(session, credentialsId))
        assert.strictEqual(error.reason, "Forbidden")
      }
      assert.deepStrictEqual(yield* takeLines, [])
    }).pipe(provideAll())
  )
})

/** Options that callers without types can give. */
const isCheckedFirst = (name: string, options: unknown) =>
  it.effect(`is checked before anything is sent: ${name}`, () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      // What is tested is that it is not of this type.
      const error = yield* failure(refreshAndWait(session, credentialsId, options as Refresh.RefreshAndWaitOptions))
      assert.strictEqual(error.reason, "Invalid")
      assert.strictEqual(error.operation, "refreshAndWait")
      assert.include(error.message, name)
      assert.deepStrictEqual(yield* takeLines, [])
    }).pipe(provideAll())
  )

describe("what is not valid", () => {
  isCheckedFirst("items", { items: ["BOGUS"] })
  isCheckedFirst("patience", { patience: "soon" })
  isCheckedFirst("schedule", { schedule: 5 })
  isCheckedFirst("onProgress", { onProgress: 3 })
})

const tinkLink = {
  redirectUri: "https://app.example/callback",
  idHint: "Ada L.",
  state: "a-state",
  baseUrl: "https://link.example"
} as const

describe("the Tink Link URL of a refresh that needs the user", () => {
  it.effect("renews the consent of this credential, with a new code", () =>
    Effect.gen(function* () {
      const { expireSession } = yield* TinkSandbox.TinkSandbox
      yield* TestClock.adjust("1 hour")
      const { credentialsId, session, userId } = yield* makeSession
      yield* expireSession(credentialsId)
      const outcome = yield* withTime(refreshAndWait(session, credentialsId, { tinkLink }))
      if (outcome._tag !== "NeedsUser") return assert.fail(outcome._tag)
      const makeUrl = Option.getOrThrow(outcome.tinkLinkUrl)
      assert.notInclude((yield* takeLines).join(), "delegate")
      const url = new URL(Redacted.value(yield* makeUrl))
      assert.strictEqual(url.origin + url.pathname, "https://link.example/1.0/transactions/update-consent")
      const { authorization_code, ...others } = Object.fromEntries(url.searchParams)
      assert.deepStrictEqual(others, {
        client_id: "sandbox-client",
        credentials_id: credentialsId,
        redirect_uri: "https://app.example/callback",
        state: "a-state"
      })
      const again = new URL(Redacted.value(yield* makeUrl))
      assert.notStrictEqual(again.searchParams.get("authorization_code"), authorization_code)
      const sent = yield* takeSent
      const delegated = sent.find(({ line }) => line.endsWith("/delegate"))
      assert.include(delegated?.body, `user_id=${userId}`)
      assert.include(delegated?.body, "id_hint=Ada+L.")
      assert.match(String(authorization_code), /^[0-9a-f]{32}$/)
      assert.notInclude(JSON.stringify(outcome), String(authorization_code))
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("is made only when the user is needed and a link was asked for", () =>
    Effect.gen(function* () {
      const { setNextRefresh } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* withTime(refreshAndWait(session, credentialsId, { tinkLink }))
      yield* setNextRefresh(credentialsId, "AUTHENTICATION_ERROR")
      const outcome = yield* withTime(refreshAndWait(session, credentialsId))
      assert.isTrue(outcome._tag === "NeedsUser" && Option.isNone(outcome.tinkLinkUrl))
      assert.notInclude((yield* takeLines).join(), "delegate")
    }).pipe(provideAll({ sandbox }))
  )

  for (const [name, bad] of [
    ["redirectUri", { ...tinkLink, redirectUri: "no uri" }],
    ["idHint", { ...tinkLink, idHint: "✓" }]
  ] as const) {
    isCheckedFirst(name, { tinkLink: bad })
  }
})

const takeTime = ({ status }: Credential.Credential) =>
  status === "UPDATED" ? Effect.sleep("40 seconds") : Effect.void

describe("refreshAndWait over a scripted Tink", () => {
  /** What is read of the connection, one after the other, the last again and again; the first is before the refresh. */
  const answering = (...answers: ReadonlyArray<readonly [status: string, statusUpdated: number] | 503>) => {
    const left = [...answers]
    return provideAnswers((line) => {
      if (REFRESH.test(line)) return { status: 204, body: "" }
      if (line === GRANT) return { body: JSON.stringify({ code: "a-code" }) }
      if (line === TOKEN) return { body: JSON.stringify({ access_token: "a-token", expires_in: 7200 }) }
      const answer = left.length > 1 ? left.shift() : left[0]
      if (answer === undefined || answer === 503) return { status: 503, body: "" }
      const [status, statusUpdated] = answer
      return { body: JSON.stringify({ id: theirId, providerName: "a-bank", status, statusUpdated, fields: {} }) }
    })
  }
  const theirId = Ids.CredentialsId.make("a-connection")
  const refreshTheirs = (options?: Refresh.RefreshAndWaitOptions) =>
    Effect.gen(function* () {
      const users = yield* Users.Users
      const session = yield* users.authorize({
        userId: Ids.UserId.make("a-user"),
        scopes: ["credentials:read", "credentials:refresh"]
      })
      return yield* withTime(refreshAndWait(session, theirId, options))
    })

  it.effect("a stale read is neither reported nor final", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const onProgress = ({ status }: Credential.Credential) => Effect.sync(() => void seen.push(status))
      const outcome = yield* refreshTheirs({ onProgress })
      assert.strictEqual(outcome._tag, "Temporary")
      assert.deepStrictEqual(seen, ["AUTHENTICATING", "UPDATING", "TEMPORARY_ERROR"])
    }).pipe(
      answering(
        ["UPDATED", 1000],
        ["AUTHENTICATING", 2000],
        ["UPDATED", 1000],
        ["UPDATING", 3000],
        ["UPDATED", 1000],
        ["TEMPORARY_ERROR", 4000]
      )
    )
  )

  it.effect("a status from before the refresh proves nothing", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* refreshTheirs())._tag, "Temporary")
    }).pipe(answering(["UPDATED", 1000], ["UPDATED", 500], ["UPDATING", 2000], ["TEMPORARY_ERROR", 3000]))
  )

  it.effect("an answer counts from when it was asked for, however long its reader takes", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* refreshTheirs({ onProgress: takeTime }))._tag, "Temporary")
    }).pipe(
      answering(["UPDATED", 1000], ["UPDATED", 1000], ["UPDATED", 1000], ["UPDATING", 2000], ["TEMPORARY_ERROR", 3000])
    )
  )

  it.effect("an unknown status that awaits the user is NeedsUser", () =>
    Effect.gen(function* () {
      const outcome = yield* refreshTheirs()
      if (outcome._tag !== "NeedsUser") return assert.fail(outcome._tag)
      assert.strictEqual(outcome.why as string, "AWAITING_PASSKEY")
    }).pipe(answering(["UPDATED", 1000], ["AWAITING_PASSKEY", 2000]))
  )

  it.effect("a failure after the refresh was sent is not retryable, as that would refresh again", () =>
    Effect.gen(function* () {
      const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo("5 seconds"))
      const error = yield* failure(refreshTheirs({ schedule }))
      assert.strictEqual(error.status, 503)
      assert.isFalse(error.isRetryable)
      assert.isTrue(error.isAmbiguous)
    }).pipe(answering(["UPDATED", 1000], 503))
  )
})

describe("refreshing at once", () => {
  it.effect("ten callers who refresh one credential all get an outcome, of one refresh", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      const fiber = yield* Effect.fork(
        Effect.all(Effect.replicate(refreshAndWait(session, credentialsId), 10), { concurrency: "unbounded" })
      )
      yield* pass(30)
      const outcomes = yield* Fiber.join(fiber)
      assert.deepStrictEqual(new Set(outcomes.map(({ _tag }) => _tag)), new Set(["Updated"]))
      assert.strictEqual(yield* takeRefreshes, 1)
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )

  it.effect("ten callers all get an outcome when Tink accepts and ignores all but one", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      const fiber = yield* Effect.fork(
        Effect.all(Effect.replicate(refreshAndWait(session, credentialsId), 10), { concurrency: "unbounded" })
      )
      yield* pass(10)
      const outcomes = yield* Fiber.join(fiber)
      assert.deepStrictEqual(new Set(outcomes.map(({ _tag }) => _tag)), new Set(["Updated"]))
    }).pipe(provideAll({ sandbox: { ...sandbox, rateLimitedRefresh: "204" } }))
  )

  it.effect("a caller who still follows an earlier refresh does not separate the callers of a later one", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      const refresh = (options?: Refresh.RefreshAndWaitOptions) =>
        Effect.fork(refreshAndWait(session, credentialsId, options))
      // The later refresh wakes this one, which sees the end of the earlier one only then.
      const rarely = { schedule: Schedule.spaced("1 hour") }
      const earlier = [yield* refresh(), yield* refresh(rarely)]
      yield* pass(15)
      const later = [yield* refresh()]
      yield* pass(2)
      later.push(yield* refresh())
      yield* pass(15)
      const outcomes = yield* Effect.forEach([...earlier, ...later], (fiber) => Fiber.join(fiber))
      assert.deepStrictEqual(new Set(outcomes.map(({ _tag }) => _tag)), new Set(["Updated"]))
      assert.strictEqual(yield* takeRefreshes, 2)
    }).pipe(provideAll({ sandbox: { ...sandbox, acceptingTime: "5 seconds" }, http: { maxRetries: 0 } }))
  )

  /** What was asked for, one refresh after the other. */
  const takeItems = Effect.gen(function* () {
    const { requests } = yield* TinkSandbox.TinkSandbox
    return (yield* requests).flatMap(({ refresh }) => (refresh === null ? [] : [refresh.items]))
  })
  const checking = { items: ["CHECKING_ACCOUNTS"], authenticate: false } as const
  const loans = { items: ["LOAN_ACCOUNTS"] } as const

  it.effect(
    "a caller who asks for something else waits for the end of the running refresh, and then starts its own",
    () =>
      Effect.gen(function* () {
        const { credentialsId, session } = yield* makeSession
        const seen: Array<string> = []
        const onProgress = ({ status }: Credential.Credential) => Effect.sync(() => void seen.push(status))
        const first = yield* Effect.fork(refreshAndWait(session, credentialsId, checking))
        yield* pass(1)
        const others = yield* Effect.forEach([{ ...loans, onProgress }, loans, checking], (options) =>
          Effect.fork(refreshAndWait(session, credentialsId, options))
        )
        yield* pass(7)
        assert.strictEqual((yield* Fiber.join(first))._tag, "Updated")
        yield* pass(10)
        const outcomes = yield* Effect.forEach(others, (fiber) => Fiber.join(fiber))
        assert.deepStrictEqual(
          outcomes.map(({ _tag }) => _tag),
          ["Updated", "Updated", "Updated"]
        )
        assert.deepStrictEqual(yield* takeItems, [["CHECKING_ACCOUNTS"], ["LOAN_ACCOUNTS"]])
        assert.deepStrictEqual(seen, ["AUTHENTICATING", "UPDATING", "UPDATED"])
        const [updated, later] = [outcomes[2]?.credential.statusUpdated, outcomes[0]?.credential.statusUpdated]
        assert.isTrue(updated !== undefined && later !== undefined && DateTime.lessThan(updated, later))
      }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )

  const gaveUp = [
    { before: "the running refresh ends", seconds: 4, items: [["CHECKING_ACCOUNTS"]] },
    { before: "its own refresh ends", seconds: 9, items: [["CHECKING_ACCOUNTS"], ["LOAN_ACCOUNTS"]] }
  ]
  it.effect("a caller who has to wait gives up when its schedule ends, before or after its own refresh began", () =>
    everyRow(
      gaveUp,
      ({ before }) => before,
      ({ items, seconds }) =>
        Effect.gen(function* () {
          const { credentialsId, session } = yield* makeSession
          const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo(`${seconds} seconds`))
          const first = yield* Effect.fork(refreshAndWait(session, credentialsId, checking))
          const second = yield* Effect.fork(refreshAndWait(session, credentialsId, { ...loans, schedule }))
          yield* pass(seconds + 1)
          assert.strictEqual((yield* Fiber.join(second))._tag, "StillRunning")
          assert.deepStrictEqual(yield* takeItems, items)
          yield* pass(10)
          assert.strictEqual((yield* Fiber.join(first))._tag, "Updated")
        }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
    )
  )

  it.effect("a caller who asks for something else does not get the failure of the running refresh", () =>
    Effect.gen(function* () {
      const { injectFault } = yield* TinkSandbox.TinkSandbox
      const { credentialsId, session } = yield* makeSession
      yield* injectFault({ kind: "status", status: 400, path: "/api/v1/credentials/{id}/refresh" })
      const first = yield* Effect.fork(failure(refreshAndWait(session, credentialsId, checking)))
      const second = yield* Effect.fork(refreshAndWait(session, credentialsId, loans))
      yield* pass(10)
      assert.strictEqual((yield* Fiber.join(first)).reason, "Invalid")
      assert.strictEqual((yield* Fiber.join(second))._tag, "Updated")
    }).pipe(provideAll({ sandbox }))
  )

  it.effect("a caller who asks for something else waits also when the first caller leaves", () =>
    Effect.gen(function* () {
      const { credentialsId, session } = yield* makeSession
      const first = yield* Effect.fork(refreshAndWait(session, credentialsId, checking))
      yield* pass(1)
      const second = yield* Effect.fork(refreshAndWait(session, credentialsId, loans))
      yield* pass(1)
      yield* Fiber.interrupt(first)
      yield* pass(15)
      assert.strictEqual((yield* Fiber.join(second))._tag, "Updated")
      assert.deepStrictEqual(yield* takeItems, [["CHECKING_ACCOUNTS"], ["LOAN_ACCOUNTS"]])
    }).pipe(provideAll({ sandbox, http: { maxRetries: 0 } }))
  )
})
