import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import type { Outgoing } from "../TinkRequest.js"

const blot = "<redacted>"
const jwt = /eyJ[\w-]{8,}(?:\.[\w-]*)*/g
/** Control and formatting characters, also those that turn the direction of a text, and the ends of lines. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu
const maxLength = 300

/** A secret as it was sent, and as it looks in a form, in a URL or in JSON that is quoted back. */
const formsOf = (value: string): ReadonlyArray<string> => {
  // Half of a surrogate pair can be written in JSON alone, and becomes this in whatever else it comes by.
  const sendable = value.replace(/\p{Cs}/gu, "\ufffd")
  return [
    value,
    sendable,
    encodeURIComponent(sendable),
    new URLSearchParams({ "": value }).toString().slice(1),
    JSON.stringify(value).slice(1, -1)
  ]
}

/** Makes a text that came from Tink fit to be shown: one line, not too long, without any of the secrets. */
export const showable = (text: string, secrets: ReadonlyArray<string>): string => {
  const forms = secrets.flatMap(formsOf).filter((form) => form !== "")
  // Longest first: a secret can be a part of another.
  return Arr.sortWith(new Set(forms), (form) => -form.length, Order.number)
    .reduce((rest, form) => rest.replaceAll(form, blot), text)
    .replace(jwt, blot)
    .replace(unprintable, " ")
    .trim()
    .slice(0, maxLength)
}

type JsonReplacer = (this: unknown, key: string, value: unknown) => unknown

const redactedAt = (holder: unknown, key: string): Redacted.Redacted<unknown> | undefined => {
  const value: unknown = typeof holder === "object" && holder !== null ? Reflect.get(holder, key) : undefined
  return Redacted.isRedacted(value) ? value : undefined
}

/** Writes secrets out. By the time that `JSON.stringify` passes on a value, a `Redacted` in it has become a blot. */
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

const secretsOfJson = (value: unknown): ReadonlyArray<Redacted.Redacted> => {
  const secrets: Array<Redacted.Redacted> = []
  jsonWithSecrets(value, (secret) => secrets.push(secret))
  return secrets
}

/** Of one's own, as whoever gave a secret may wipe it, for all who hold it. None of one that is wiped already. */
const copyOf = Option.liftThrowable((secret: Redacted.Redacted) => Redacted.make(Redacted.value(secret)))

/** Copies of the secrets that go out in the body of a request. */
export const secretsOf = ({ body }: Outgoing): ReadonlyArray<Redacted.Redacted> => {
  switch (body?._tag) {
    case "Form":
      return Arr.filterMap(Object.values(body.fields), (field) =>
        Redacted.isRedacted(field) ? copyOf(field) : Option.none()
      )
    case "Json":
      return secretsOfJson(body.value)
    case undefined:
      return []
  }
}
