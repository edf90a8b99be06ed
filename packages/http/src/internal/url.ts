import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { CredentialsId } from "../Ids.js"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { Outgoing } from "../TinkRequest.js"

const isId = Schema.is(CredentialsId)

/** The path of a request: its route with the ids filled in. Fails for anything that is no id. */
export const pathOf = (request: Outgoing): Either.Either<string, TinkError> => {
  const params = request.params ?? {}
  const invalid = Object.keys(params).find((name) => !isId(params[name]))
  return invalid === undefined
    ? Either.right(request.route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? "")))
    : Either.left(invalidInput(request.operation, `${invalid} must be 1 to 128 of the characters A-Z a-z 0-9 _ -`))
}
