import * as Exit from "effect/Exit"
import { invalidInput, type TinkError } from "../TinkError.js"
import type { RequestDescription } from "../TinkRequest.js"

const isHeader = ([name, value]: readonly [string, unknown]): boolean =>
  /^[A-Za-z0-9-]+$/.test(name) && (value === undefined || (typeof value === "string" && /^[\x20-\x7e]+$/.test(value)))

/** The further headers of a request. Fails with `Invalid` for one that clients refuse, or that could begin another one. */
export const toHeaders = ({
  headers = {},
  operation
}: RequestDescription): Exit.Exit<Readonly<Record<string, string | undefined>>, TinkError> =>
  Object.entries(headers).every(isHeader)
    ? Exit.succeed(headers)
    : Exit.fail(
        invalidInput(operation, "headers must have names of letters, digits and -, and values of printable ASCII")
      )
