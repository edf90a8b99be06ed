/** Sends a user to Tink Link, and handles what they return with. */
import { type Ids, type TinkError, TinkHttp } from "@effect-tink/http"
import { TinkLink, Users } from "@effect-tink/users"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect, Option } from "effect"
import { TinkLinkVisit } from "./api.js"
import * as Changes from "./changes.js"
import { Customers } from "./customers.js"
import { log } from "./errors.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"
import { requireAuthorized, ensureTinkUser, forgetTinkUser } from "./tinkUser.js"
import { type Purpose, Visits } from "./visits.js"

// ---------------------------------------------------------------------------------------------------------------------
// To Tink Link
// ---------------------------------------------------------------------------------------------------------------------

/** Tink Link shows it to the user. An application with a login has the user's name here. */
const idHint = "a guest of this example"

const delegate = ({ customerId }: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const userId = yield* ensureTinkUser(customerId)
    const { code } = yield* users.delegateAuthorization({ userId, idHint })
    return code
  })

const linkOptions = (session: Session, purpose: Purpose) =>
  Effect.gen(function* () {
    const { clientId } = yield* TinkHttp.TinkHttp
    const visits = yield* Visits
    const { origin, testBanks, tinkLinkUrl } = yield* Settings
    const state = yield* visits.begin(session, purpose)
    return { clientId, redirectUri: `${origin}/callback`, state, baseUrl: tinkLinkUrl, test: testBanks }
  })

export const connect = (session: Session) =>
  Effect.gen(function* () {
    const { market } = yield* Settings
    const authorizationCode = yield* delegate(session).pipe(
      // Tink has deleted the user: create another one.
      Effect.catchIf(
        (error) => error._tag === "TinkError" && error.reason === "NotFound",
        () => Effect.andThen(forgetTinkUser(session.customerId), delegate(session))
      )
    )
    const options = yield* linkOptions(session, { _tag: "Connect" })
    return new TinkLinkVisit({ url: yield* TinkLink.connectAccounts({ ...options, authorizationCode, market }) })
  })

export const renew = (session: Session, credentialsId: Ids.CredentialsId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    // Checks the owner: the link itself would fail only at Tink Link.
    yield* users.getCredential(yield* requireAuthorized(session.customerId), credentialsId)
    const authorizationCode = yield* delegate(session)
    const options = yield* linkOptions(session, { _tag: "Renew", credentialsId })
    return new TinkLinkVisit({ url: yield* TinkLink.updateConsent({ ...options, authorizationCode, credentialsId }) })
  })

// ---------------------------------------------------------------------------------------------------------------------
// From Tink Link
// ---------------------------------------------------------------------------------------------------------------------

/** How a visit ended. The page has a text for each: anyone can make a link to the page, so the link must not hold the text. */
export type Outcome =
  "connected" | "renewed" | "cancelled" | "login-failed" | "bank-problem" | "failed" | "unconfirmed" | "refused"

export interface Return {
  readonly outcome: Outcome
  /** Identifies the visit to Tink's support. */
  readonly reference?: string | undefined
}

const errorOutcomes: Record<string, Outcome> = {
  AUTHENTICATION_ERROR: "login-failed",
  TEMPORARY_ERROR: "bank-problem"
} satisfies Partial<Record<TinkLink.RedirectError, Outcome>>

/** Reads the credential, to check that it belongs to the user. */
const confirm = (session: Session, purpose: Purpose, id: Ids.CredentialsId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    if (purpose._tag === "Renew" && purpose.credentialsId !== id) return "refused"
    yield* users.getCredential(yield* requireAuthorized(session.customerId), id)
    return purpose._tag === "Connect" ? "connected" : "renewed"
  }).pipe(
    Effect.catchTags({
      NotFound: () => Effect.succeed("refused" as const),
      SqlError: (error) => Effect.as(log(error), "unconfirmed" as const),
      TinkError: (error) =>
        error.reason === "NotFound" ? Effect.succeed("refused" as const) : Effect.as(log(error), "unconfirmed" as const)
    })
  )

/** The library does not see what the user changes in Tink Link. */
const noticeChange = ({ customerId }: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const customers = yield* Customers
    const known = yield* customers.getTinkUser(customerId)
    yield* Effect.transposeMapOption(known, (userId) => users.changed({ userId }))
  })

const refused: Return = { outcome: "refused" }

const toReturn = (session: Session, purpose: Purpose, redirect: TinkLink.Redirect) =>
  Effect.gen(function* () {
    // All links are for users of this application, so a code cannot come from one of them.
    if (redirect._tag === "ConnectedOnce") return refused
    const changes = yield* Changes.Changes
    yield* noticeChange(session)
    if (redirect._tag === "Connected") {
      const outcome = yield* confirm(session, purpose, redirect.credentialsId)
      yield* changes.publish(session.customerId, Changes.returned(redirect.credentialsId))
      return { outcome } satisfies Return
    }
    const change = redirect.credentialsId === undefined ? Changes.list : Changes.returned(redirect.credentialsId)
    yield* changes.publish(session.customerId, change)
    const outcome = redirect._tag === "Cancelled" ? "cancelled" : (errorOutcomes[redirect.error] ?? "failed")
    return { outcome, reference: redirect.trackingId } satisfies Return
  })

const refuse = (error: TinkError.TinkError | SqlError) => Effect.as(log(error), refused)

/** `url` is that of the request. It is refused unless this browser has begun the visit. */
export const handleReturn = (session: Session, url: string) =>
  Effect.gen(function* () {
    const visits = yield* Visits
    const state = new URLSearchParams(url.split("?")[1]).get("state") ?? ""
    const purpose = yield* visits.end(session, state)
    if (Option.isNone(purpose)) return refused
    const redirect = yield* TinkLink.parseRedirect(url, { state })
    return yield* toReturn(session, purpose.value, redirect)
  }).pipe(Effect.catchTags({ TinkError: refuse, SqlError: refuse }))
