import * as Exit from "effect/Exit"
import { idRequirement, isId } from "../InputRules.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { RequestDescription } from "../TinkRequest.js"

const placeholder = /\{(\w+)\}/g

/** Otherwise the route would end the name of the host, as `@evil.example/` does: the token would be sent there. */
const isRoute = (route: unknown): boolean => typeof route === "string" && /^\/[\x21-\x7e]*$/.test(route)

/** Fills the ids into the route. Fails with `Invalid` for a value that is not an id, and for a route that is not a path. */
export const toPath = ({ operation, params = {}, route }: RequestDescription): Exit.Exit<string, TinkError> => {
  if (!isRoute(route)) {
    return Exit.fail(invalidInput(operation, "route must begin with /, and be of printable ASCII characters"))
  }
  let invalid: string | undefined
  const path = route.replace(placeholder, (_, name: string) => {
    const id = params[name] ?? ""
    if (isId(id)) return encodeURIComponent(id)
    invalid ??= name
    return ""
  })
  return invalid === undefined
    ? Exit.succeed(path)
    : Exit.fail(invalidInput(operation, `${invalid} must be ${idRequirement}`))
}
