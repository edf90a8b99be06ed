import type { AwaitingStatus, CredentialsType } from "../models.js"
import { isMarket } from "../users/markets.js"
import type * as Timeline from "./timeline.js"

/** A demo bank. */
export interface Provider {
  readonly name: string
  readonly displayName: string
  readonly type: CredentialsType
  /** The fields that `POST /api/v1/credentials` requires. */
  readonly fields: ReadonlyArray<string>
}

type Kind = Omit<Provider, "name">

// Three names are those of tink-api.md 10.3; the other two are this sandbox's. The first is the default.
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

/** The demo banks of a market. Every market has some. */
export const ofMarket = (market: string): ReadonlyArray<Provider> =>
  Object.entries({ ...everywhere, ...extra[market] }).map(([suffix, kind]) => ({
    name: `${prefixOf(market)}-demobank-${suffix}`,
    ...kind
  }))

/** The demo bank with a name, in any market. */
export const find = (name: string): Provider | undefined => {
  const market = name.startsWith("uk-") ? "GB" : name.slice(0, 2).toUpperCase()
  return isMarket(market) ? ofMarket(market).find((provider) => provider.name === name) : undefined
}

/** Only open banking has sessions that expire (tink-api.md 6.1); a demo bank's name says so (10.3). */
export const hasSession = (providerName: string): boolean => providerName.includes("open-banking")

/** Whether a session can be extended without a visit to the bank; the name says so, too. */
export const isExtendable = (providerName: string): boolean => providerName.includes("extendable")

/** What the user is asked for: the bank's app or page, BankID, or further fields. */
export const awaitingStatus: Readonly<Record<CredentialsType, AwaitingStatus>> = {
  THIRD_PARTY_APP: "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  MOBILE_BANKID: "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  PASSWORD: "AWAITING_SUPPLEMENTAL_INFORMATION",
  KEYFOB: "AWAITING_SUPPLEMENTAL_INFORMATION"
}

/** The outcome of the first refresh: a password is enough, all other types need the user. */
export const firstOutcome = (type: CredentialsType): Timeline.Started =>
  type === "PASSWORD" ? "UPDATED" : awaitingStatus[type]
