import type { CredentialsType } from "../TinkSandbox.js"
import { isMarket } from "./markets.js"
import type * as Timeline from "./timeline.js"

/** A demo bank. */
export interface Provider {
  readonly name: string
  readonly displayName: string
  readonly type: CredentialsType
  /** What `POST /api/v1/credentials` has to say about the customer. */
  readonly fields: ReadonlyArray<string>
}

type Kind = Omit<Provider, "name">

// After the names of tink-api 10.3, which names three of them; the other two are of this sandbox. The first is the default.
const everywhere: Readonly<Record<string, Kind>> = {
  "open-banking-redirect": { displayName: "Demo Bank (website)", type: "THIRD_PARTY_APP", fields: [] },
  password: { displayName: "Demo Bank (password)", type: "PASSWORD", fields: ["username", "password"] },
  "open-banking-embedded": { displayName: "Demo Bank (one-time code)", type: "KEYFOB", fields: ["username"] }
}

const extra: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  GB: {
    "open-banking-redirect-extendable": {
      displayName: "Demo Bank (extendable)",
      type: "THIRD_PARTY_APP",
      fields: []
    }
  },
  SE: { mobilebankid: { displayName: "Demo Bank (BankID)", type: "MOBILE_BANKID", fields: ["username"] } }
}

const prefixOf = (market: string) => (market === "GB" ? "uk" : market.toLowerCase())

/** The demo banks of a market: every market has some. */
export const ofMarket = (market: string): ReadonlyArray<Provider> =>
  Object.entries({ ...everywhere, ...extra[market] }).map(([suffix, kind]) => ({
    name: `${prefixOf(market)}-demobank-${suffix}`,
    ...kind
  }))

/** The demo bank of a name, in whatever market. */
export const find = (name: string): Provider | undefined => {
  const market = name.startsWith("uk-") ? "GB" : name.slice(0, 2).toUpperCase()
  return isMarket(market) ? ofMarket(market).find((provider) => provider.name === name) : undefined
}

// tink-api 6.1: only OPEN_BANKING access has sessions that expire, which for a demo bank shows in its name (10.3).
export const hasSession = (providerName: string): boolean => providerName.includes("open-banking")

/** Whether a session can be extended without a visit to the bank, which shows in the name, too. */
export const isExtendable = (providerName: string): boolean => providerName.includes("extendable")

/** What the customer is asked for: the app or the page of the bank, BankID, or further fields. */
export const awaitingOf: Readonly<Record<CredentialsType, Timeline.AwaitingStatus>> = {
  THIRD_PARTY_APP: "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  MOBILE_BANKID: "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  PASSWORD: "AWAITING_SUPPLEMENTAL_INFORMATION",
  KEYFOB: "AWAITING_SUPPLEMENTAL_INFORMATION"
}

/** What becomes of credentials that the bank sees for the first time: a password is enough, all else needs the customer. */
export const firstOutcomeOf = (type: CredentialsType): Timeline.Started =>
  type === "PASSWORD" ? "UPDATED" : awaitingOf[type]
