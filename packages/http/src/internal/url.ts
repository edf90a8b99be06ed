import * as Either from "effect/Either"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { Outgoing } from "../TinkRequest.js"
import * as Text from "./text.js"

const isId = (value: unknown): boolean => typeof value === "string" && Text.id.test(value)

const placeholder = /\{(\w+)\}/g

/** The path of a request: its route with the ids filled in. Fails for anything that is no id. */
export const pathOf = ({ operation, params = {}, route }: Outgoing): Either.Either<string, TinkError> => {
  let invalid: string | undefined
  const path = route.replace(placeholder, (_, name: string) => {
    const id = params[name] ?? ""
    if (isId(id)) return encodeURIComponent(id)
    invalid ??= name
    return ""
  })
  return invalid === undefined
    ? Either.right(path)
    : Either.left(invalidInput(operation, `${invalid} must be ${Text.idRequirement}`))
}
