/** The visits to Tink Link that a browser has begun: who comes back must have been sent, and comes back once. */
import type { Ids } from "@effect-tink/http"
import { Clock, Duration, Effect, Option, Redacted } from "effect"
import { randomToken } from "./randomToken.js"

/** What a visit is for: to connect another bank, or to renew the consent for one. */
export type Purpose =
  { readonly _tag: "Connect" } | { readonly _tag: "Renew"; readonly credentialsId: Ids.CredentialsId }

export interface Visits {
  /** Gives the `state` that the link carries. */
  readonly begin: (purpose: Purpose) => Effect.Effect<Redacted.Redacted>
  /** What the visit with this `state` was for, unless it is over, was long ago or was never begun. It is over then. */
  readonly end: (state: string) => Effect.Effect<Option.Option<Purpose>>
}

/** Whoever opens more links than this, in several tabs, gives up the oldest. */
const capacity = 8

const lifetime = Duration.toMillis("1 hour")

export const make = (): Visits => {
  const begun = new Map<string, { readonly purpose: Purpose; readonly until: number }>()
  return {
    begin: (purpose) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const state = randomToken()
        begun.set(state, { purpose, until: now + lifetime })
        const [oldest] = begun.keys()
        if (begun.size > capacity && oldest !== undefined) begun.delete(oldest)
        return Redacted.make(state)
      }),
    end: (state) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const visit = begun.get(state)
        begun.delete(state)
        return visit !== undefined && now < visit.until ? Option.some(visit.purpose) : Option.none()
      })
  }
}
