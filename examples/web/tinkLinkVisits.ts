/** Sending a customer to Tink Link, and making sense of what they come back with. */
import { type Ids, TinkHttp } from "@effect-tink/http"
import { TinkLink, Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { TinkLinkVisit } from "./api.js"
import { authorizeKnown, ensureTinkUser, forgetTinkUser, publishChange } from "./customer.js"
import { log } from "./errors.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"
import type { Purpose } from "./visits.js"

// ---------------------------------------------------------------------------------------------------------------------
// There
// ---------------------------------------------------------------------------------------------------------------------

/** What Tink Link shows, for the customer to see that it is meant for them. An application with a login has a name here. */
const idHint = "a guest of this example"

const delegate = (session: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const userId = yield* ensureTinkUser(session)
    const { code } = yield* users.delegateAuthorization({ userId, idHint })
    return code
  })

const linkOptions = (session: Session, purpose: Purpose) =>
  Effect.gen(function* () {
    const { clientId } = yield* TinkHttp.TinkHttp
    const { origin, sandbox, testBanks } = yield* Settings
    const state = yield* session.visits.begin(purpose)
    const baseUrl = Option.getOrUndefined(Option.map(sandbox, ({ baseUrl }) => baseUrl))
    return { clientId, redirectUri: `${origin}/callback`, state, baseUrl, test: testBanks }
  })

export const connect = (session: Session) =>
  Effect.gen(function* () {
    const { market } = yield* Settings
    const authorizationCode = yield* delegate(session).pipe(
      // A user whom Tink has deleted meanwhile is made anew.
      Effect.catchIf(
        (error) => error.reason === "NotFound",
        () => Effect.zipRight(forgetTinkUser(session), delegate(session))
      )
    )
    const options = yield* linkOptions(session, { _tag: "Connect" })
    return new TinkLinkVisit({ url: yield* TinkLink.connectAccounts({ ...options, authorizationCode, market }) })
  })

export const renew = (session: Session, credentialsId: Ids.CredentialsId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    // Of one's own connections only: the link would not say so before the customer is there.
    yield* users.getCredential(yield* authorizeKnown(session), credentialsId)
    const authorizationCode = yield* delegate(session)
    const options = yield* linkOptions(session, { _tag: "Renew", credentialsId })
    return new TinkLinkVisit({ url: yield* TinkLink.updateConsent({ ...options, authorizationCode, credentialsId }) })
  })

// ---------------------------------------------------------------------------------------------------------------------
// And back
// ---------------------------------------------------------------------------------------------------------------------

/** What came of a visit: words that the page knows, as anybody can make a link to it. */
export type Outcome =
  "connected" | "renewed" | "cancelled" | "login-failed" | "bank-problem" | "failed" | "unconfirmed" | "refused"

export interface Return {
  readonly outcome: Outcome
  /** What Tink's support asks for. */
  readonly reference?: string | undefined
}

const outcomeOfError: Record<string, Outcome> = {
  AUTHENTICATION_ERROR: "login-failed",
  TEMPORARY_ERROR: "bank-problem"
} satisfies Partial<Record<TinkLink.RedirectError, Outcome>>

/** Whose the connection is, does not show before it is read. */
const confirm = (session: Session, purpose: Purpose, id: Ids.CredentialsId) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    if (purpose._tag === "Renew" && purpose.credentialsId !== id) return "refused"
    yield* users.getCredential(yield* authorizeKnown(session), id)
    return purpose._tag === "Connect" ? "connected" : "renewed"
  }).pipe(
    Effect.catchTags({
      NotFound: () => Effect.succeed("refused" as const),
      TinkError: (error) =>
        error.reason === "NotFound" ? Effect.succeed("refused" as const) : Effect.as(log(error), "unconfirmed" as const)
    })
  )

/** Tink Link changes the user, and only we know that it did. */
const noticeChange = (session: Session) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    yield* Effect.transposeMapOption(yield* Ref.get(session.tinkUserId), (userId) => users.changed({ userId }))
  })

const refused: Return = { outcome: "refused" }

const makeSenseOf = (session: Session, purpose: Purpose, redirect: TinkLink.Redirect) =>
  Effect.gen(function* () {
    // We send customers there with a user of their own only, so nobody comes back with a code.
    if (redirect._tag === "ConnectedOnce") return refused
    yield* noticeChange(session)
    if (redirect._tag === "Connected") {
      const outcome = yield* confirm(session, purpose, redirect.credentialsId)
      yield* publishChange(session, redirect.credentialsId)
      return { outcome } satisfies Return
    }
    yield* publishChange(session, redirect.credentialsId)
    const outcome = redirect._tag === "Cancelled" ? "cancelled" : (outcomeOfError[redirect.error] ?? "failed")
    return { outcome, reference: redirect.trackingId } satisfies Return
  })

/** `url` is that of the request. What is not the answer to a visit that this very browser has begun changes nothing. */
export const comeBack = (session: Session, url: string) =>
  Effect.gen(function* () {
    const state = new URLSearchParams(url.split("?")[1]).get("state") ?? ""
    const purpose = yield* session.visits.end(state)
    if (Option.isNone(purpose)) return refused
    const redirect = yield* TinkLink.parseRedirect(url, { state })
    return yield* makeSenseOf(session, purpose.value, redirect)
  }).pipe(Effect.catchTag("TinkError", (error) => Effect.as(Effect.logWarning(error.message), refused)))
