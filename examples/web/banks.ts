/** The banks' own names and logos, from Tink's list of the banks of a market. */
import { type Provider, Users } from "@effect-tink/users"
import { Clock, Context, Duration, Effect, Layer, Option } from "effect"
import { log } from "./errors.js"
import { Settings } from "./settings.js"

export interface Bank {
  readonly name: string
  /** A URL that the page may load. */
  readonly logo: Option.Option<string>
}

export class Banks extends Context.Tag("web/Banks")<
  Banks,
  {
    /** The bank of a provider. If Tink's list cannot be read, its name is derived from the provider's. */
    readonly find: (providerName: string) => Effect.Effect<Bank>
  }
>() {}

/** How long a page waits for a list. */
const patience = Duration.seconds(3)

/** How soon a list that could not be read is asked for again. The library keeps the others for an hour. */
const retryInterval = Duration.minutes(1)

/** The names of providers begin with their country. */
const toMarket = (providerName: string): Option.Option<string> =>
  Option.map(Option.fromNullable(/^([a-z]{2})-/.exec(providerName)?.[1]), (country) =>
    country === "uk" ? "GB" : country.toUpperCase()
  )

/** `se-demobank-password` is a country and a bank. */
const deriveName = (providerName: string): string =>
  providerName
    .replace(/^[a-z]{2}-/, "")
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(" ")

/** The origins from which the page loads logos, besides https: that of a sandbox, which also serves Tink Link. */
export const logoSources = (tinkLinkUrl: string): ReadonlyArray<string> => {
  const { origin, protocol } = new URL(tinkLinkUrl)
  return protocol === "https:" ? ["https:"] : ["https:", origin]
}

const isLogo = (sources: ReadonlyArray<string>) => (text: string) => {
  if (!URL.canParse(text)) return false
  const { origin, protocol } = new URL(text)
  return sources.includes(protocol) || sources.includes(origin)
}

export const layer = Layer.effect(
  Banks,
  Effect.gen(function* () {
    const users = yield* Users.Users
    const { market: ownMarket, tinkLinkUrl } = yield* Settings
    const sources = logoSources(tinkLinkUrl)
    const failedUntil = new Map<string, number>()

    const ask = (market: string) => users.listProviders(market, { includeTestProviders: true })

    const list = (market: string) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        if (now < (failedUntil.get(market) ?? 0)) return []
        const listed = yield* ask(market).pipe(
          Effect.tapError(log),
          Effect.orElseSucceed(() => undefined),
          Effect.timeoutTo({ duration: patience, onSuccess: (found) => found, onTimeout: () => undefined })
        )
        if (listed === undefined) failedUntil.set(market, now + Duration.toMillis(retryInterval))
        return listed ?? []
      })

    const toBank = (providerName: string, provider: Provider.Provider | undefined): Bank => ({
      name: provider?.displayName || deriveName(providerName),
      logo: Option.filter(Option.fromNullable(provider?.images?.icon), isLogo(sources))
    })

    return {
      find: (providerName) =>
        Effect.gen(function* () {
          const providers = yield* list(Option.getOrElse(toMarket(providerName), () => ownMarket))
          return toBank(
            providerName,
            providers.find(({ name }) => name === providerName)
          )
        })
    }
  })
)
