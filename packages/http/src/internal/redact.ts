import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import type { Outgoing } from "../TinkRequest.js"

const blot = "<redacted>"
const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g
const unprintable = /[^\x20-\x7e\u00a0-\u{10ffff}]+/gu
const maxLength = 300

/** Makes a text that came from Tink fit to be shown: one line, not too long, without any of the secrets. */
export const showable = (text: string, secrets: ReadonlyArray<Redacted.Redacted>): string => {
  const values = secrets.map(Redacted.value).filter((secret) => secret !== "")
  return Arr.sortWith(values, (secret) => -secret.length, Order.number)
    .reduce((rest, secret) => rest.replaceAll(secret, blot), text)
    .replace(jwt, blot)
    .replace(unprintable, " ")
    .trim()
    .slice(0, maxLength)
}

/** The secrets that go out in the body of a request. */
export const secretsOf = (request: Outgoing): ReadonlyArray<Redacted.Redacted> =>
  request.body?._tag === "Form" ? Object.values(request.body.fields).filter((field) => Redacted.isRedacted(field)) : []
