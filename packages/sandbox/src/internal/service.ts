import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Service } from "../TinkSandbox.js"
import * as credentials from "./credentials.js"
import * as customer from "./customer.js"
import { FaultSchema } from "./faults.js"
import type { Sandbox } from "./sandbox.js"
import { SandboxError } from "./sandboxError.js"
import { revokeTokens, sweep } from "./state.js"

const decodeFault = Schema.decodeUnknown(FaultSchema, { onExcessProperty: "error" })

/** The sandbox as tests hold it. */
export const make = (sandbox: Sandbox, baseUrl: string): Service => {
  const { faults, log, random, reset, settings, state } = sandbox
  const swept = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      sweep(state, now)
      return effect
    })
  return {
    baseUrl,
    clientId: settings.clientId,
    clientSecret: Redacted.make(settings.clientSecret),
    connectBank: (userId, options = {}) =>
      swept(credentials.connect(state, settings, userId, options)).pipe(
        Effect.withRandom(random),
        Effect.mapError(() => new SandboxError({ reason: "UnknownUser", id: userId }))
      ),
    setNextRefresh: (credentialsId, outcome) =>
      Effect.mapError(
        swept(credentials.setNextRefresh(state, credentialsId, outcome)),
        () => new SandboxError({ reason: "UnknownCredentials", id: credentialsId })
      ),
    completeAuthentication: (credentialsId, outcome = "UPDATED") =>
      Effect.mapError(
        swept(customer.completeAuthentication(state, settings, credentialsId, outcome)),
        ({ status }) =>
          new SandboxError({ reason: status === 404 ? "UnknownCredentials" : "NotAwaiting", id: credentialsId })
      ),
    expireSession: (credentialsId) =>
      Effect.mapError(
        swept(customer.expireSession(state, credentialsId)),
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
