import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Service } from "../TinkSandbox.js"
import * as credentials from "./credentials.js"
import * as customer from "./customer.js"
import { FaultSchema } from "./faults.js"
import type { Sandbox } from "./sandbox.js"
import { SandboxError } from "./sandboxError.js"
import { revokeTokens } from "./state.js"

const decodeFault = Schema.decodeUnknown(FaultSchema, { onExcessProperty: "error" })

/** The sandbox as tests hold it. */
export const make = (sandbox: Sandbox, baseUrl: string): Service => {
  const { faults, log, random, reset, settings, state } = sandbox
  return {
    baseUrl,
    clientId: settings.clientId,
    clientSecret: Redacted.make(settings.clientSecret),
    connectBank: (userId, options = {}) =>
      credentials.connect(state, settings, userId, options).pipe(
        Effect.withRandom(random),
        Effect.mapError(() => new SandboxError({ reason: "UnknownUser", id: userId }))
      ),
    setNextRefresh: (credentialsId, outcome) =>
      Effect.mapError(
        credentials.setNextRefresh(state, credentialsId, outcome),
        () => new SandboxError({ reason: "UnknownCredentials", id: credentialsId })
      ),
    completeAuthentication: (credentialsId, outcome = "UPDATED") =>
      Effect.mapError(
        customer.completeAuthentication(state, settings, credentialsId, outcome),
        ({ status }) =>
          new SandboxError({ reason: status === 404 ? "UnknownCredentials" : "NotAwaiting", id: credentialsId })
      ),
    expireSession: (credentialsId) =>
      Effect.mapError(
        customer.expireSession(state, credentialsId),
        () => new SandboxError({ reason: "UnknownCredentials", id: credentialsId })
      ),
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
