/**
 * The test controls over HTTP, below `/sandbox/`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as storedCredentials from "../credentials/storedCredentials.js"
import * as tinkLinkUser from "../credentials/tinkLinkUser.js"
import { type Faults, FaultSchema } from "../faults/faults.js"
import * as apiErrors from "../http/apiErrors.js"
import { toOrigin } from "../http/origin.js"
import * as requestBody from "../http/requestBody.js"
import { json, noContent } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import {
  authenticationOutcomes,
  type ConnectBankOptions,
  credentialsStatuses,
  credentialsTypes,
  refreshOutcomes
} from "../models.js"
import type { RequestLog } from "../requestLog/requestLog.js"
import type { Settings } from "../settings.js"
import { revokeTokens, type State } from "../state/state.js"
import type { Webhooks } from "../webhooks/webhooks.js"
import * as openapi from "./openapi.js"
import * as refreshes from "./refreshes.js"
import * as webhookControls from "./webhookControls.js"

/** What the controls act on. */
interface Controlled {
  readonly settings: Settings
  readonly state: State
  readonly faults: Faults
  readonly log: RequestLog
  readonly webhooks: Webhooks
  readonly reset: Effect.Effect<void>
}

const ConnectBank: Schema.Schema<ConnectBankOptions> = Schema.Struct({
  providerName: Schema.optionalWith(Schema.NonEmptyString, { exact: true }),
  type: Schema.optionalWith(Schema.Literal(...credentialsTypes), { exact: true }),
  status: Schema.optionalWith(Schema.Literal(...credentialsStatuses), { exact: true }),
  sessionExpiryDate: Schema.optionalWith(Schema.Int, { exact: true })
})

const oneOf = <const Literals extends ReadonlyArray<string>>(literals: Literals) =>
  Schema.Literal(...literals).annotations({
    message: () => ({ message: `Expected one of ${literals.join(", ")}`, override: true })
  })

const decodeConnectBank = requestBody.control(ConnectBank)
const decodeNextRefresh = requestBody.control(Schema.Struct({ outcome: oneOf(refreshOutcomes) }))
const decodeCompleteAuthentication = requestBody.control(
  Schema.Struct({ outcome: Schema.optionalWith(oneOf(authenticationOutcomes), { exact: true }) })
)
const decodeFault = requestBody.control(FaultSchema)
const decodeRevokeTokens = requestBody.control(Schema.Struct({ userId: Schema.optional(Schema.String) }))

const connectBank = ({ settings, state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const options = yield* decodeConnectBank(request)
    const userId = request.params["userId"] ?? ""
    return json(200, yield* storedCredentials.connect(state, settings, userId, options, toOrigin(request)))
  })

const setNextRefresh = ({ state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const { outcome } = yield* decodeNextRefresh(request)
    yield* storedCredentials.setNextRefresh(state, request.params["id"] ?? "", outcome)
    return noContent
  })

const completeAuthentication = ({ settings, state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const { outcome = "UPDATED" } = yield* decodeCompleteAuthentication(request)
    yield* tinkLinkUser.completeAuthentication(state, settings, request.params["id"] ?? "", outcome)
    return noContent
  })

const expireSession = ({ state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* tinkLinkUser.expireSession(state, request.params["id"] ?? "")
    return noContent
  })

const refreshInBackground =
  ({ settings, state }: Controlled): Handler =>
  (request) =>
    refreshes.refreshInBackground(state, settings, request.params["id"] ?? "")

const injectFault = ({ faults }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    faults.add(yield* decodeFault(request))
    return noContent
  })

const revoke = ({ state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const { userId } = yield* decodeRevokeTokens(request)
    if (userId !== undefined && !state.users.has(userId)) return yield* apiErrors.unknownUser
    revokeTokens(state, userId)
    return noContent
  })

const readRequests =
  ({ log }: Controlled): Handler =>
  () =>
    Effect.sync(() => json(200, { requests: log.entries() }))

const reset =
  ({ reset }: Controlled): Handler =>
  () =>
    Effect.as(reset, noContent)

export const routes = (sandbox: Controlled): ReadonlyArray<Route> => [
  { method: "POST", path: "/sandbox/users/{userId}/credentials", handler: connectBank(sandbox) },
  { method: "POST", path: "/sandbox/credentials/{id}/next-refresh", handler: setNextRefresh(sandbox) },
  {
    method: "POST",
    path: "/sandbox/credentials/{id}/complete-authentication",
    handler: completeAuthentication(sandbox)
  },
  { method: "POST", path: "/sandbox/credentials/{id}/expire-session", handler: expireSession(sandbox) },
  {
    method: "POST",
    path: "/sandbox/credentials/{id}/background-refresh",
    handler: refreshInBackground(sandbox)
  },
  { method: "POST", path: "/sandbox/faults", handler: injectFault(sandbox) },
  { method: "POST", path: "/sandbox/revoke-tokens", handler: revoke(sandbox) },
  { method: "GET", path: "/sandbox/requests", handler: readRequests(sandbox) },
  { method: "POST", path: "/sandbox/reset", handler: reset(sandbox) },
  ...webhookControls.routes(sandbox.webhooks),
  ...openapi.routes(sandbox.settings)
]
