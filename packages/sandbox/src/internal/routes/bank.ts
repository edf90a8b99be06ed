/**
 * The bank's own page, where the app sends a user whose credentials wait for them: tink-api.md 6.3.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as providers from "../credentials/providers.js"
import { defaultAppUri } from "../credentials/storedCredentials.js"
import { bankPath } from "../credentials/supplementalInformation.js"
import * as Timeline from "../credentials/timeline.js"
import * as tinkLinkUser from "../credentials/tinkLinkUser.js"
import * as apiErrors from "../http/apiErrors.js"
import * as requestBody from "../http/requestBody.js"
import type { Handler, Route } from "../http/router.js"
import type { AuthenticationOutcome } from "../models.js"
import type { Settings } from "../settings.js"
import * as ids from "../state/ids.js"
import type { State, StoredCredentials } from "../state/state.js"
import { isRedirectUri } from "../tinkLink/link.js"
import * as pages from "../tinkLink/pages.js"
import { asPage } from "./tinkLink.js"

const findWaiting = Effect.fnUntraced(function* (state: State, id: string) {
  const now = yield* Clock.currentTimeMillis
  const credentials = state.credentials.get(id)
  if (credentials === undefined) return yield* apiErrors.unknownCredentials
  return Timeline.isAwaiting(Timeline.stepAt(credentials.timeline, now).status)
    ? credentials
    : yield* apiErrors.notAwaiting
})

const open = (state: State): Handler =>
  Effect.fnUntraced(function* ({ query }) {
    const { id, providerName } = yield* findWaiting(state, query.get("state") ?? "")
    return pages.bankLogin({ action: bankPath, state: id }, providers.find(providerName)?.displayName ?? providerName)
  })

const outcomes = {
  approve: "UPDATED",
  cancel: "CANCELLED",
  error: "TEMPORARY_ERROR",
  login: "AUTHENTICATION_ERROR"
} as const satisfies Readonly<Record<string, AuthenticationOutcome>>

const decodeForm = requestBody.form(
  Schema.Struct({ state: Schema.String, choice: Schema.Literal("approve", "cancel", "error", "login") })
)

// The app relays what it gets there. A bank reports failures as OAuth does.
const callbackUrl = (callbackUri: string, { id }: StoredCredentials, isApproved: boolean, code: string) => {
  const url = new URL(callbackUri)
  url.searchParams.append("state", id)
  url.searchParams.append(isApproved ? "code" : "error", isApproved ? code : "access_denied")
  return url.toString()
}

const submit = (state: State, settings: Settings): Handler =>
  Effect.fnUntraced(function* (request) {
    const { choice, state: id } = yield* decodeForm(request)
    const code = yield* ids.id
    const credentials = yield* findWaiting(state, id)
    const { appUri, callbackUri } = credentials
    if (callbackUri !== undefined && isRedirectUri(callbackUri)) {
      return pages.redirect(callbackUrl(callbackUri, credentials, choice === "approve", code))
    }
    yield* tinkLinkUser.completeAuthentication(state, settings, id, outcomes[choice])
    return appUri !== defaultAppUri && isRedirectUri(appUri) ? pages.redirect(appUri) : pages.done
  })

export const routes = (state: State, settings: Settings): ReadonlyArray<Route> => [
  { method: "GET", path: bankPath, handler: asPage(open(state)) },
  { method: "POST", path: bankPath, handler: asPage(submit(state, settings)) }
]
