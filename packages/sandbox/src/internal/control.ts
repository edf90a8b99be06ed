import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AuthenticationOutcome, ConnectBankOptions, RefreshOutcome } from "../TinkSandbox.js"
import * as body from "./body.js"
import * as credentials from "./credentials.js"
import * as customer from "./customer.js"
import * as errors from "./errors.js"
import { FaultSchema } from "./faults.js"
import type { Sandbox } from "./sandbox.js"
import { revokeTokens } from "./state.js"
import { type Handler, json, noContent, type Route } from "./wire.js"

type Controlled = Omit<Sandbox, "handle">

const Status = Schema.Literal(
  "CREATED",
  "AUTHENTICATING",
  "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  "AWAITING_SUPPLEMENTAL_INFORMATION",
  "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  "UPDATING",
  "UPDATED",
  "AUTHENTICATION_ERROR",
  "TEMPORARY_ERROR",
  "PERMANENT_ERROR",
  "SESSION_EXPIRED",
  "DELETED"
)

const ConnectBank: Schema.Schema<ConnectBankOptions> = Schema.Struct({
  providerName: Schema.optionalWith(Schema.NonEmptyString, { exact: true }),
  type: Schema.optionalWith(Schema.Literal("PASSWORD", "MOBILE_BANKID", "KEYFOB", "THIRD_PARTY_APP"), { exact: true }),
  status: Schema.optionalWith(Status, { exact: true }),
  sessionExpiryDate: Schema.optionalWith(Schema.Int, { exact: true })
})

const outcomes = [
  "UPDATED",
  "TEMPORARY_ERROR",
  "AUTHENTICATION_ERROR",
  "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  "AWAITING_SUPPLEMENTAL_INFORMATION",
  "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  "SESSION_EXPIRED",
  "PERMANENT_ERROR",
  "IGNORED"
] as const

const oneOf = <const Literals extends ReadonlyArray<string>>(literals: Literals) =>
  Schema.Literal(...literals).annotations({
    message: () => ({ message: `Expected one of ${literals.join(", ")}`, override: true })
  })

const Outcome: Schema.Schema<RefreshOutcome> = oneOf(outcomes)

const authenticationOutcomes = ["UPDATED", "TEMPORARY_ERROR", "AUTHENTICATION_ERROR", "CANCELLED"] as const

const CompleteAuthentication: Schema.Schema<{ readonly outcome?: AuthenticationOutcome }> = Schema.Struct({
  outcome: Schema.optionalWith(oneOf(authenticationOutcomes), { exact: true })
})

const decodeConnectBank = body.control(ConnectBank)
const decodeNextRefresh = body.control(Schema.Struct({ outcome: Outcome }))
const decodeCompleteAuthentication = body.control(CompleteAuthentication)
const decodeFault = body.control(FaultSchema)
const decodeRevokeTokens = body.control(Schema.Struct({ userId: Schema.optional(Schema.String) }))

const connectBank = ({ settings, state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const options = yield* decodeConnectBank(request)
    return json(200, yield* credentials.connect(state, settings, request.params["userId"] ?? "", options))
  })

const nextRefresh = ({ state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const { outcome } = yield* decodeNextRefresh(request)
    yield* credentials.setNextRefresh(state, request.params["id"] ?? "", outcome)
    return noContent
  })

const completeAuthentication = ({ settings, state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const { outcome = "UPDATED" } = yield* decodeCompleteAuthentication(request)
    yield* customer.completeAuthentication(state, settings, request.params["id"] ?? "", outcome)
    return noContent
  })

const expireSession = ({ state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    yield* customer.expireSession(state, request.params["id"] ?? "")
    return noContent
  })

const addFault = ({ faults }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    faults.add(yield* decodeFault(request))
    return noContent
  })

const revoke = ({ state }: Controlled): Handler =>
  Effect.fnUntraced(function* (request) {
    const { userId } = yield* decodeRevokeTokens(request)
    if (userId !== undefined && !state.users.has(userId)) return yield* errors.unknownUser
    revokeTokens(state, userId)
    return noContent
  })

/** The calls that control the sandbox, as the service does, over HTTP. */
export const routes = (sandbox: Controlled): ReadonlyArray<Route> => [
  { method: "POST", path: "/sandbox/users/{userId}/credentials", handler: connectBank(sandbox) },
  { method: "POST", path: "/sandbox/credentials/{id}/next-refresh", handler: nextRefresh(sandbox) },
  {
    method: "POST",
    path: "/sandbox/credentials/{id}/complete-authentication",
    handler: completeAuthentication(sandbox)
  },
  { method: "POST", path: "/sandbox/credentials/{id}/expire-session", handler: expireSession(sandbox) },
  { method: "POST", path: "/sandbox/faults", handler: addFault(sandbox) },
  { method: "POST", path: "/sandbox/revoke-tokens", handler: revoke(sandbox) },
  {
    method: "GET",
    path: "/sandbox/requests",
    handler: () => Effect.sync(() => json(200, { requests: sandbox.log.entries() }))
  },
  { method: "POST", path: "/sandbox/reset", handler: () => Effect.as(sandbox.reset, noContent) }
]
