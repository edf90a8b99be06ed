import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as storedCredentials from "./credentials/storedCredentials.js"
import * as tinkLinkUser from "./credentials/tinkLinkUser.js"
import { FaultSchema } from "./faults/faults.js"
import {
  type AuthenticationOutcome,
  type ConnectBankOptions,
  type Credentials,
  type Fault,
  type ReceivedRequest,
  type RefreshOutcome,
  SandboxError,
  type WebhookDelivery,
  type WebhookFault
} from "./models.js"
import { refreshInBackground } from "./routes/refreshes.js"
import type { Sandbox } from "./sandbox.js"
import { revokeTokens, sweep } from "./state/state.js"
import { WebhookFaultSchema } from "./webhooks/faults.js"

/**
 * What a test can do with a sandbox, besides sending requests to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface TestControls {
  /**
   * Connects a bank, as the user does in Tink Link: the user has one more set of credentials. Takes Tink's user id. Fails with
   * `UnknownUser`.
   */
  readonly connectBank: (userId: string, options?: ConnectBankOptions) => Effect.Effect<Credentials, SandboxError>
  /**
   * Sets the outcome of the next refresh of some credentials, and only of that one. Fails with `UnknownCredentials`.
   *
   * The default outcome is `UPDATED`. If the bank session has expired, it is `SESSION_EXPIRED`. If the refresh has
   * `authenticate=true`, or the session has expired and the user is available, it is the `AWAITING_…` status of the
   * credentials' type: `AWAITING_THIRD_PARTY_APP_AUTHENTICATION` for `THIRD_PARTY_APP`. `UPDATED` with an expired session
   * means that the user has approved again, so a new session starts.
   */
  readonly setNextRefresh: (credentialsId: string, outcome: RefreshOutcome) => Effect.Effect<void, SandboxError>
  /**
   * Ends the wait of credentials in an `AWAITING_…` status, as the user does in the bank's app or with the bank's code. By
   * default they approve: `UPDATING`, then `UPDATED`, with a new bank session (after an `authenticate`, which fetches no data,
   * `UPDATED` at once). Fails with `UnknownCredentials` and `NotAwaiting`.
   */
  readonly completeAuthentication: (
    credentialsId: string,
    outcome?: AuthenticationOutcome
  ) => Effect.Effect<void, SandboxError>
  /** Ends the bank session of some credentials now. Their status stays until the next refresh. Fails with `UnknownCredentials`. */
  readonly expireSession: (credentialsId: string) => Effect.Effect<void, SandboxError>
  /**
   * Starts a refresh as Tink does by itself, without the user: with an expired session it ends in `SESSION_EXPIRED`. Nothing is
   * started while another operation is running. Fails with `UnknownCredentials`.
   */
  readonly refreshInBackground: (credentialsId: string) => Effect.Effect<void, SandboxError>
  /** The last 10 000 webhook deliveries, oldest first, without their signatures. */
  readonly deliveries: Effect.Effect<ReadonlyArray<WebhookDelivery>>
  /** Sends a webhook delivery again: as a new one, signed now. Fails with `UnknownDelivery`. */
  readonly resendDelivery: (deliveryId: string) => Effect.Effect<void, SandboxError>
  /** Makes webhook deliveries fail, or come in another order. An invalid fault is a defect. */
  readonly injectWebhookFault: (fault: WebhookFault) => Effect.Effect<void>
  /** Waits until all webhook deliveries and retries that are due were sent and answered. It lets no time pass. */
  readonly deliveriesSettled: Effect.Effect<void>
  /** Makes requests fail. An invalid fault (a status of 42, say) is a defect. */
  readonly injectFault: (fault: Fault) => Effect.Effect<void>
  /** Revokes the tokens of one user, or all tokens including the app's own: they answer 401. */
  readonly revokeTokens: (userId?: string) => Effect.Effect<void>
  /** The last 10 000 requests in the order of their arrival, without the test controls over HTTP. */
  readonly requests: Effect.Effect<ReadonlyArray<ReceivedRequest>>
  /** Deletes users, credentials, codes, tokens, faults, requests, webhook endpoints and deliveries. */
  readonly reset: Effect.Effect<void>
}

const decodeFault = Schema.decodeUnknown(FaultSchema, { onExcessProperty: "error" })
const decodeWebhookFault = Schema.decodeUnknown(WebhookFaultSchema, { onExcessProperty: "error" })

export const make = ({ faults, log, random, reset, settings, state, webhooks }: Sandbox): TestControls => {
  const swept = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      sweep(state, now)
      return Effect.ensuring(effect, webhooks.watch)
    })
  return {
    connectBank: (userId, options = {}) =>
      swept(storedCredentials.connect(state, settings, userId, options)).pipe(
        Effect.withRandom(random),
        Effect.mapError(() => new SandboxError({ reason: "UnknownUser", id: userId }))
      ),
    setNextRefresh: (credentialsId, outcome) =>
      Effect.mapError(
        swept(storedCredentials.setNextRefresh(state, credentialsId, outcome)),
        () => new SandboxError({ reason: "UnknownCredentials", id: credentialsId })
      ),
    completeAuthentication: (credentialsId, outcome = "UPDATED") =>
      Effect.mapError(
        swept(tinkLinkUser.completeAuthentication(state, settings, credentialsId, outcome)),
        ({ status }) =>
          new SandboxError({ reason: status === 404 ? "UnknownCredentials" : "NotAwaiting", id: credentialsId })
      ),
    expireSession: (credentialsId) =>
      Effect.mapError(
        swept(tinkLinkUser.expireSession(state, credentialsId)),
        () => new SandboxError({ reason: "UnknownCredentials", id: credentialsId })
      ),
    refreshInBackground: (credentialsId) =>
      Effect.asVoid(swept(refreshInBackground(state, settings, credentialsId))).pipe(
        Effect.catchAll(({ status }) =>
          status === 404
            ? Effect.fail(new SandboxError({ reason: "UnknownCredentials", id: credentialsId }))
            : Effect.void
        )
      ),
    deliveries: Effect.sync(webhooks.deliveries),
    resendDelivery: (deliveryId) =>
      Effect.flatMap(webhooks.resend(deliveryId), (isKnown) =>
        isKnown ? Effect.void : Effect.fail(new SandboxError({ reason: "UnknownDelivery", id: deliveryId }))
      ),
    injectWebhookFault: (fault) =>
      decodeWebhookFault(fault).pipe(
        Effect.orDie,
        Effect.andThen((valid) => Effect.sync(() => webhooks.faults.add(valid)))
      ),
    deliveriesSettled: webhooks.settled,
    injectFault: (fault) =>
      decodeFault(fault).pipe(
        Effect.orDie,
        Effect.andThen((valid) => Effect.sync(() => faults.add(valid)))
      ),
    revokeTokens: (userId) => Effect.sync(() => revokeTokens(state, userId)),
    requests: Effect.sync(log.entries),
    reset
  }
}
