import type { AwaitingStatus, CredentialsType } from "../models.js"
import { markets } from "../users/markets.js"
import { type Field, field } from "./field.js"
import type * as Timeline from "./timeline.js"

/** A bank, as the sandbox knows it. */
export interface Provider {
  readonly name: string
  /** The number of the bank among all. */
  readonly index: number
  readonly market: string
  readonly displayName: string
  readonly isTest: boolean
  readonly type: CredentialsType
  /** What the user enters, and `POST /api/v1/credentials` requires. */
  readonly fields: ReadonlyArray<Field>
  readonly capabilities: ReadonlyArray<string>
}

type Kind = Omit<Provider, "name" | "index" | "market">

const username = field({ name: "username", description: "Username" })
const password = field({ name: "password", description: "Password", masked: true, sensitive: true })
const personalNumber = field({
  name: "username",
  description: "Personal number",
  hint: "YYYYMMDDNNNN",
  numeric: true
})

const isTest = true
const everyday = ["CHECKING_ACCOUNTS", "SAVINGS_ACCOUNTS", "CREDIT_CARDS", "IDENTITY_DATA"]

const redirect = (name: string, capabilities: ReadonlyArray<string>): Kind => ({
  displayName: `Demo Bank (${name})`,
  isTest,
  type: "THIRD_PARTY_APP",
  fields: [],
  capabilities
})

const payments = ["PAYMENTS", "TRANSFERS"]

// Names of Tink's list of demo banks (tink-api.md 10.3), which has some of them in some markets only. The first is the default.
const everywhere: Readonly<Record<string, Kind>> = {
  "demobank-open-banking-redirect": redirect("website", [...everyday, ...payments]),
  "demobank-password": {
    displayName: "Demo Bank (password)",
    isTest,
    type: "PASSWORD",
    fields: [username, password],
    capabilities: [...everyday, "INVESTMENTS", "LOANS"]
  },
  "demobank-open-banking-embedded": {
    displayName: "Demo Bank (one-time code)",
    isTest,
    type: "KEYFOB",
    fields: [username],
    capabilities: everyday
  },
  // This sandbox's own. Not a test provider, so that the default of `includeTestProviders` shows one.
  "sandbox-open-banking-redirect": { ...redirect("", everyday), displayName: "Sandbox Bank", isTest: false }
}

const bankId: Kind = {
  displayName: "Demo Bank (BankID)",
  isTest,
  type: "MOBILE_BANKID",
  fields: [personalNumber],
  capabilities: [...everyday, "EINVOICES"]
}

const bothServices = {
  "demobank-open-banking-redirect-aispis": redirect("accounts and payments", [...everyday, ...payments])
}

const paymentsOnly = { "demobank-open-banking-redirect-pisonly": redirect("payments only", payments) }

const extra: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  DE: {
    "demobank-open-banking-embedded-templates": {
      displayName: "Demo Bank (one-time code, templates)",
      isTest,
      type: "KEYFOB",
      fields: [username],
      capabilities: everyday
    },
    ...paymentsOnly
  },
  FR: bothServices,
  GB: {
    "demobank-open-banking-redirect-extendable": redirect("extendable", everyday),
    ...bothServices,
    "demobank-open-banking-handoff": redirect("handoff", everyday)
  },
  IT: paymentsOnly,
  SE: {
    // This sandbox's own: without open banking.
    "demobank-mobilebankid": bankId,
    "demobank-open-banking-bankid": { ...bankId, displayName: "Demo Bank (BankID, open banking)" }
  }
}

const toPrefix = (market: string) => (market === "GB" ? "uk" : market.toLowerCase())

/** The banks of all markets. */
export const all: ReadonlyArray<Provider> = markets
  .flatMap((market) =>
    Object.entries({ ...everywhere, ...extra[market] }).map(([suffix, kind]) => ({
      name: `${toPrefix(market)}-${suffix}`,
      market,
      ...kind
    }))
  )
  .map((provider, index) => ({ ...provider, index }))

const byName: ReadonlyMap<string, Provider> = new Map(all.map((provider) => [provider.name, provider]))

/** The bank with a name, in any market. */
export const find = (name: string): Provider | undefined => byName.get(name)

/** The banks of a market. */
export const ofMarket = (market: string): ReadonlyArray<Provider> =>
  all.filter((provider) => provider.market === market)

const uuid = (kind: string, number: number) => `${kind}-0000-4000-8000-${number.toString(16).padStart(12, "0")}`

/** The id of a bank, which is not its name. */
export const idOf = ({ index }: Provider): string => uuid("00000001", index + 1)

/** The id of the company that a bank belongs to: one in each market for the demo banks, and one for the others. */
export const financialInstitutionId = ({ isTest, market }: Provider): string =>
  uuid(isTest ? "00000002" : "00000003", markets.indexOf(market) + 1)

/** Only open banking has sessions that expire (tink-api.md 6.1); a bank's name says so (10.3). */
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
