import * as Either from "effect/Either"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { Outgoing } from "../TinkRequest.js"
import * as Text from "./text.js"

const isId = (value: unknown): boolean => typeof value === "string" && Text.id.test(value)

const placeholder = /\{(\w+)\}/g

/** The path of a request: its route with the ids filled in. Fails for anything that is no id. */
export const pathOf = ({ operation, params = {}, route }: Outgoing): Either.Either<string, TinkError> => {
  const names = Array.from(route.matchAll(placeholder), ([, name]) => name ?? "")
  const invalid = names.find((name) => !isId(params[name]))
  return invalid === undefined
    ? Either.right(route.replace(placeholder, (_, name: string) => encodeURIComponent(params[name] ?? "")))
    : Either.left(invalidInput(operation, `${invalid} must be ${Text.idRequirement}`))
}
