import * as Either from "effect/Either"
import { idRequirement, isId } from "../InputRules.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { RequestDescription } from "../TinkRequest.js"

const placeholder = /\{(\w+)\}/g

/** Fills the ids into the route. Fails with `Invalid` for a value that is not an id, and for a route that is no path. */
export const toPath = ({ operation, params = {}, route }: RequestDescription): Either.Either<string, TinkError> => {
  // After the base URL, `@host/` would be another host, and get the token.
  if (typeof route !== "string" || !route.startsWith("/")) {
    return Either.left(invalidInput(operation, "the route must begin with /"))
  }
  let invalid: string | undefined
  const path = route.replace(placeholder, (_, name: string) => {
    const id = params[name] ?? ""
    if (isId(id)) return encodeURIComponent(id)
    invalid ??= name
    return ""
  })
  return invalid === undefined
    ? Either.right(path)
    : Either.left(invalidInput(operation, `${invalid} must be ${idRequirement}`))
}
