import * as Either from "effect/Either"
import { idRequirement, isId } from "../InputRules.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { RequestDescription } from "../TinkRequest.js"

const placeholder = /\{(\w+)\}/g

/** Otherwise the route would end the name of the host, as `@evil.example/` does: the token would be sent there. */
const isRoute = (route: unknown): boolean => typeof route === "string" && /^\/[\x21-\x7e]*$/.test(route)

/** Fills the ids into the route. Fails with `Invalid` for a value that is not an id, and for a route that is not a path. */
export const toPath = ({ operation, params = {}, route }: RequestDescription): Either.Either<string, TinkError> => {
  if (!isRoute(route)) {
    return Either.left(invalidInput(operation, "route must begin with /, and be of printable ASCII characters"))
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
