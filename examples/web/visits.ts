/** The visits to Tink Link that a browser has begun. Each can end once. */
import type { Ids } from "@effect-tink/http"
import { Clock, Duration, Effect, Option, Redacted } from "effect"
import { randomToken } from "./randomToken.js"

/** What a visit is for: to connect a bank, or to renew the consent for a credential. */
export type Purpose =
  { readonly _tag: "Connect" } | { readonly _tag: "Renew"; readonly credentialsId: Ids.CredentialsId }

export interface Visits {
  /** Returns the `state` for the link. */
  readonly begin: (purpose: Purpose) => Effect.Effect<Redacted.Redacted>
  /** Ends the visit with this `state`, and returns its purpose. None if there is no such visit, or it has ended or expired. */
  readonly end: (state: string) => Effect.Effect<Option.Option<Purpose>>
}

/** If a browser begins more visits than this, in several tabs, the oldest is dropped. */
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
