import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import type { RequestDescription } from "../TinkRequest.js"

const redacted = "<redacted>"
const jwt = /eyJ[\w-]{8,}(?:\.[\w-]*)*/g
/** Control characters, formatting characters such as those that change the text direction, and line separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu
const maxLength = 300

/** A secret as it was sent, and its encodings in a form, in a URL and in JSON. */
const encodings = (value: string): ReadonlyArray<string> => {
  // Only JSON can carry half a surrogate pair. Other encodings replace it by U+FFFD.
  const sendable = value.replace(/\p{Cs}/gu, "\ufffd")
  return [
    value,
    sendable,
    encodeURIComponent(sendable),
    new URLSearchParams({ "": value }).toString().slice(1),
    JSON.stringify(value).slice(1, -1)
  ]
}

/** Makes a text from Tink fit to be shown: one short line without any of the secrets. */
export const sanitize = (text: string, secrets: ReadonlyArray<string>): string => {
  const patterns = secrets.flatMap(encodings).filter((encoded) => encoded !== "")
  // Longest first: one secret can be part of another.
  return Arr.sortWith(new Set(patterns), (pattern) => -pattern.length, Order.number)
    .reduce((rest, pattern) => rest.replaceAll(pattern, redacted), text)
    .replace(jwt, redacted)
    .replace(unprintable, " ")
    .trim()
    .slice(0, maxLength)
}

type JsonReplacer = (this: unknown, key: string, value: unknown) => unknown

const redactedAt = (holder: unknown, key: string): Redacted.Redacted<unknown> | undefined => {
  const value: unknown = typeof holder === "object" && holder !== null ? Reflect.get(holder, key) : undefined
  return Redacted.isRedacted(value) ? value : undefined
}

/** JSON with its secrets in plain text. `JSON.stringify` passes a `Redacted` on as "<redacted>", so it is read from its holder. */
export const jsonWithSecrets = (value: unknown, onSecret: (secret: Redacted.Redacted) => void = () => {}): string => {
  const replacer: JsonReplacer = function (key, plain) {
    const redacted = redactedAt(this, key)
    if (redacted === undefined) return plain
    const secret = String(Redacted.value(redacted))
    onSecret(Redacted.make(secret))
    return secret
  }
  return JSON.stringify(value, replacer)
}

const jsonSecrets = (value: unknown): ReadonlyArray<Redacted.Redacted> => {
  const secrets: Array<Redacted.Redacted> = []
  jsonWithSecrets(value, (secret) => secrets.push(secret))
  return secrets
}

/** A copy, because the caller may wipe the secret. None if it is wiped already. */
const copySecret = Option.liftThrowable((secret: Redacted.Redacted) => Redacted.make(Redacted.value(secret)))

/** Copies of the secrets in the body of a request. */
export const bodySecrets = ({ body }: RequestDescription): ReadonlyArray<Redacted.Redacted> => {
  switch (body?._tag) {
    case "Form":
      return Arr.filterMap(Object.values(body.fields), (field) =>
        Redacted.isRedacted(field) ? copySecret(field) : Option.none()
      )
    case "Json":
      return jsonSecrets(body.value)
    case undefined:
      return []
  }
}
