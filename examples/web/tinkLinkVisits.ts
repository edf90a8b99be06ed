/** Sends a user to Tink Link, and handles what they return with. */
import { type Ids, TinkHttp } from "@effect-tink/http"
import { UserCache } from "@effect-tink/user-cache"
import { TinkLink, Users } from "@effect-tink/users"
import { Effect, Option, Ref } from "effect"
import { TinkLinkVisit } from "./api.js"
import { log } from "./errors.js"
import type { Session } from "./sessions.js"
import { Settings } from "./settings.js"
import { authorizeKnown, ensureTinkUser, forgetTinkUser, publishChange } from "./tinkUser.js"
import type { Purpose } from "./visits.js"

// ---------------------------------------------------------------------------------------------------------------------
// To Tink Link
// ---------------------------------------------------------------------------------------------------------------------

/** Tink Link shows it to the user. An application with a login has the user's name here. */
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
      // Tink has deleted the user: create another one.
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
    // Checks the owner: the link itself would fail only at Tink Link.
    yield* users.getCredential(yield* authorizeKnown(session), credentialsId)
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
    yield* users.getCredential(yield* authorizeKnown(session), id)
    return purpose._tag === "Connect" ? "connected" : "renewed"
  }).pipe(
    Effect.catchTags({
      NotFound: () => Effect.succeed("refused" as const),
      TinkError: (error) =>
        error.reason === "NotFound" ? Effect.succeed("refused" as const) : Effect.as(log(error), "unconfirmed" as const)
    })
  )

/** The cache does not see what the user changes in Tink Link. */
const invalidate = (session: Session) =>
  Effect.gen(function* () {
    const cache = yield* UserCache.UserCache
    yield* Effect.transposeMapOption(yield* Ref.get(session.tinkUserId), cache.invalidate)
  })

const refused: Return = { outcome: "refused" }

const toReturn = (session: Session, purpose: Purpose, redirect: TinkLink.Redirect) =>
  Effect.gen(function* () {
    // All links are for users of this application, so a code cannot come from one of them.
    if (redirect._tag === "ConnectedOnce") return refused
    yield* invalidate(session)
    if (redirect._tag === "Connected") {
      const outcome = yield* confirm(session, purpose, redirect.credentialsId)
      yield* publishChange(session, redirect.credentialsId)
      return { outcome } satisfies Return
    }
    yield* publishChange(session, redirect.credentialsId)
    const outcome = redirect._tag === "Cancelled" ? "cancelled" : (errorOutcomes[redirect.error] ?? "failed")
    return { outcome, reference: redirect.trackingId } satisfies Return
  })

/** `url` is that of the request. It is refused unless this browser has begun the visit. */
export const comeBack = (session: Session, url: string) =>
  Effect.gen(function* () {
    const state = new URLSearchParams(url.split("?")[1]).get("state") ?? ""
    const purpose = yield* session.visits.end(state)
    if (Option.isNone(purpose)) return refused
    const redirect = yield* TinkLink.parseRedirect(url, { state })
    return yield* toReturn(session, purpose.value, redirect)
  }).pipe(Effect.catchTag("TinkError", (error) => Effect.as(Effect.logWarning(error.message), refused)))
