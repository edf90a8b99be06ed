/** Where Tink Link is: users must never be sent from a sandbox to the real one. */
import { InputRules } from "@effect-tink/http"
import { Config, Effect, Option } from "effect"

const configured = Config.option(
  Config.validate(Config.string("TINK_LINK_URL"), {
    message: `must be ${InputRules.baseUrlRequirement("https://link.tink.com")}`,
    validation: (url) => InputRules.isBaseUrl(url)
  })
)

/** Whether the URL is that of Tink itself, and not of a sandbox. */
export const isTink = (apiUrl: string): boolean => {
  const { hostname } = new URL(apiUrl)
  return hostname === "tink.com" || hostname.endsWith(".tink.com")
}

/** TINK_LINK_URL or, without it, Tink's own for Tink's API. A sandbox serves both at one URL. */
export const tinkLinkUrl = (apiUrl: string) =>
  Effect.map(configured, (url) => Option.getOrElse(url, () => (isTink(apiUrl) ? "https://link.tink.com" : apiUrl)))
