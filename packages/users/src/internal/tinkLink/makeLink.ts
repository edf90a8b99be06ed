/** Checks the options of a link, and makes its URL. */
import { baseUrlRequirement, isBaseUrl, readOr } from "@effect-tink/http/InputRules"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Input from "../schemas/input.js"
import { flows, type Flows } from "./flows.js"
import { redirectParameters } from "./redirectParameters.js"
import { namesOfOptions, type RuleName, rules } from "./rules.js"

const defaultBaseUrl = "https://link.tink.com"

interface Flow {
  readonly path: string
  readonly needs: ReadonlyArray<RuleName>
  readonly takes: ReadonlyArray<RuleName>
}

/** The options of every link. `baseUrl` and `parameters` are not parameters themselves. */
const commonNeeds: ReadonlyArray<RuleName> = ["clientId", "redirectUri"]
const commonTakes: ReadonlyArray<RuleName> = ["state", "appUri", "autoRedirectMobile", "theme", "test"]

const areParameters = (value: unknown): value is Readonly<Record<string, string>> =>
  Input.isPlainObject(value) &&
  Object.entries(value).every(
    ([name, text]) => /^[a-z][a-z0-9_]*$/.test(name) && !namesOfOptions.has(name) && Input.isText(text)
  )

/** A parameter in `redirectUri` would be taken for the one that Tink Link adds, or make it ambiguous. */
const reservedParameterChecks = (redirectUri: unknown): ReadonlyArray<Input.Check> => {
  if (typeof redirectUri !== "string") return []
  const [, query = ""] = /^[^?#]*\?([^#]*)/.exec(redirectUri) ?? []
  const used = new URLSearchParams(query)
  return redirectParameters.map((name) => [
    !used.has(name),
    `redirectUri must not use the query parameter \`${name}\`: Tink Link uses it`
  ])
}

type Given = Readonly<Record<string, unknown>>

/** Not `URLSearchParams`, which writes a space as `+`: not every parser reads that as a space. */
const formatParameter = (name: string, value: string): string => `${name}=${encodeURIComponent(value)}`

/** An option's check, and its parameter if it has a value. */
const readOption = (options: Given, name: RuleName, isNeeded: boolean) => {
  const { encode, parameter, requirement } = rules[name]
  const value = options[name]
  const text = value === undefined && !isNeeded ? "" : encode(value)
  const check: Input.Check = [text !== undefined, `${name} ${requirement}`]
  return { check, parameters: text ? [formatParameter(parameter, text)] : [] }
}

/** The base URL and the further parameters have rules of their own. */
const readExtras = ({ baseUrl = defaultBaseUrl, parameters = {} }: Given) => ({
  baseUrl: isBaseUrl(baseUrl) ? baseUrl.replace(/\/+$/, "") : undefined,
  parameters: areParameters(parameters) ? parameters : undefined
})

/** Makes a link to a flow. At run time the options may be of any type. */
export const makeLink = (name: keyof Flows, given: unknown): Effect.Effect<Redacted.Redacted, TinkError> =>
  Effect.suspend(() => readOr(() => checkAndMake(name, given), invalidInput(name, "the options could not be read")))

const checkAndMake = (name: keyof Flows, given: unknown): Effect.Effect<Redacted.Redacted, TinkError> => {
  const options: Given = Predicate.isRecord(given) ? given : {}
  const { needs, path, takes }: Flow = flows[name]
  const needed = [...commonNeeds, ...needs]
  const taken = [...takes, ...commonTakes].filter((option) => !needed.includes(option))
  const read = [
    ...needed.map((option) => readOption(options, option, true)),
    ...taken.map((option) => readOption(options, option, false))
  ]
  const { baseUrl, parameters } = readExtras(options)
  const checked = Input.check(
    name,
    ...read.map(({ check }) => check),
    ...reservedParameterChecks(options["redirectUri"]),
    [
      parameters !== undefined,
      "parameters must be an object of strings, by names in snake_case that have no option of their own"
    ],
    [baseUrl !== undefined, `baseUrl must be ${baseUrlRequirement(defaultBaseUrl)}`]
  )
  return Effect.map(checked, () => {
    const further = Object.entries(parameters ?? {}).map(([parameter, value]) => formatParameter(parameter, value))
    const query = [...read.flatMap(({ parameters }) => parameters), ...further]
    return Redacted.make(`${baseUrl}/1.0/${path}?${query.join("&")}`)
  })
}
