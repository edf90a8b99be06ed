import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import type { Outgoing } from "../TinkRequest.js"

const blot = "<redacted>"
const jwt = /eyJ[\w-]{8,}(?:\.[\w-]*)*/g
/** Control and formatting characters, also those that turn the direction of a text, and the ends of lines. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu
const maxLength = 300

/** A secret as it was sent, and as it looks in a form, in a URL or in JSON that is quoted back. */
const formsOf = (secret: Redacted.Redacted): ReadonlyArray<string> => {
  const value = Redacted.value(secret)
  return [
    value,
    encodeURIComponent(value),
    new URLSearchParams({ "": value }).toString().slice(1),
    JSON.stringify(value).slice(1, -1)
  ]
}

/** Makes a text that came from Tink fit to be shown: one line, not too long, without any of the secrets. */
export const showable = (text: string, secrets: ReadonlyArray<Redacted.Redacted>): string => {
  const forms = secrets.flatMap(formsOf).filter((form) => form !== "")
  // Longest first: a secret can be a part of another.
  return Arr.sortWith(new Set(forms), (form) => -form.length, Order.number)
    .reduce((rest, form) => rest.replaceAll(form, blot), text)
    .replace(jwt, blot)
    .replace(unprintable, " ")
    .trim()
    .slice(0, maxLength)
}

/** The secrets that go out in the body of a request. */
export const secretsOf = (request: Outgoing): ReadonlyArray<Redacted.Redacted> =>
  request.body?._tag === "Form" ? Object.values(request.body.fields).filter((field) => Redacted.isRedacted(field)) : []
