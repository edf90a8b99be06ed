/** The parameters of links that have an option (`tink-api.md` 11.2), by the name of the option. */
import { CredentialsId } from "@effect-tink/http/Ids"
import { idRequirement, isPrintableAscii, printableAsciiRequirement } from "@effect-tink/http/InputRules"
import * as Schema from "effect/Schema"
import * as Input from "../schemas/input.js"

interface Rule {
  /** The name of the parameter. */
  readonly parameter: string
  /** Follows the name of the option. */
  readonly requirement: string
  /** The value of the parameter, or `undefined` if the option is not valid. An empty one is left out. */
  readonly encode: (value: unknown) => string | undefined
}

const textRule = (
  parameter: string,
  requirement: string,
  isValid: (value: unknown) => value is string = Input.isText
): Rule => ({
  parameter,
  requirement,
  encode: (value) => (isValid(value) ? value : undefined)
})

const isAtMost =
  (length: number) =>
  (value: unknown): value is string =>
    Input.isText(value) && value.length <= length

const secretRule = (parameter: string): Rule => ({
  parameter,
  requirement: Input.printableSecretRequirement,
  encode: Input.printableSecret
})

/** `false` is the default of Tink Link. */
const flagRule = (parameter: string, yes: string): Rule => ({
  parameter,
  requirement: "must be true or false",
  encode: (value) => (typeof value === "boolean" ? (value ? yes : "") : undefined)
})

const listRule = <A extends string>(parameter: string, items: Schema.Schema<A>): Rule => {
  const isList = Schema.is(Schema.NonEmptyArray(items))
  return {
    parameter,
    requirement: "must be a list of documented names, at least one",
    encode: (value) => (isList(value) ? value.join(",") : undefined)
  }
}

/** `example:` alone names no place in an application. */
const isAppUri = (value: unknown): value is string => Input.isUri(value) && !/^[^:]+:\/*$/.test(value)

export const Product = Schema.Literal(
  "ACCOUNT_CHECK",
  "INVESTMENTS",
  "LOANS",
  "TRANSACTIONS",
  // The last two are from an official sample.
  "ASSETS",
  "LIABILITIES"
)

export const Segment = Schema.Literal("PERSONAL", "BUSINESS")

export const LinkItem = Schema.Literal(
  "CHECKING_ACCOUNTS",
  "CHECKING_TRANSACTIONS",
  "SAVING_ACCOUNTS",
  "SAVING_TRANSACTIONS",
  "CREDITCARD_ACCOUNTS",
  "CREDITCARD_TRANSACTIONS"
)

const isTheme = Schema.is(Schema.Literal("LIGHT", "DARK"))

const isProviderName = isAtMost(100)

export const rules = {
  clientId: textRule("client_id", `must be ${printableAsciiRequirement}`, isPrintableAscii),
  redirectUri: textRule("redirect_uri", Input.redirectUriRequirement, Input.isRedirectUri),
  authorizationCode: secretRule("authorization_code"),
  credentialsId: textRule("credentials_id", `must be ${idRequirement}`, Schema.is(CredentialsId)),
  market: textRule("market", Input.marketRequirement, Schema.is(Input.Market)),
  locale: textRule("locale", Input.localeRequirement, Schema.is(Input.Locale)),
  inputProvider: textRule("input_provider", "must be the name of a provider, at most 100 characters", isProviderName),
  inputUsername: textRule("input_username", "must be a string of at most 50 characters", isAtMost(50)),
  financialInstitutionId: textRule("financial_institution_id", Input.textRequirement),
  financialServicesSegments: listRule("financial_services_segments", Segment),
  refreshableItems: listRule("refreshable_items", LinkItem),
  sessionId: secretRule("session_id"),
  products: listRule("products", Product),
  scopes: {
    parameter: "scope",
    requirement: "must be scopes of Tink, at least one",
    encode: (value) => (Input.isScopes(value) && value.length > 0 ? value.join(",") : undefined)
  },
  authenticate: flagRule("authenticate", "true"),
  state: {
    parameter: "state",
    requirement: Input.textRequirement,
    encode: (value) => {
      const text = Input.plainText(value)
      return Input.isText(text) ? text : undefined
    }
  },
  appUri: textRule("app_uri", "must be a whole URI, like example://open", isAppUri),
  autoRedirectMobile: flagRule("auto_redirect_mobile", "TRUE"),
  theme: textRule("theme", "must be LIGHT or DARK", isTheme),
  test: flagRule("test", "true")
} as const satisfies Readonly<Record<string, Rule>>

export type RuleName = keyof typeof rules

/** Parameters that have an option of their own. It is not documented which of two values Tink takes. */
export const namesOfOptions: ReadonlySet<string> = new Set(Object.values(rules).map(({ parameter }) => parameter))
