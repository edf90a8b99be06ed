import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { RequestDescription } from "../TinkRequest.js"

const redacted = "<redacted>"
const jwt = /eyJ[\w-]{8,}(?:\.[\w-]*)*/g
/** Control characters, formatting characters such as those that change the text direction, and line separators. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]+/gu
const maxLength = 300
/** Longer texts are cut before they are searched: regular expressions fail on some texts of megabytes. */
const maxSearched = 4000
/** Half of a pair, left by a cut. */
const lastHighSurrogate = /[\ud800-\udbff]$/

/** A secret as it was sent, and its encodings in a form, in a URL and in JSON. */
const encodings = (value: string): ReadonlyArray<string> => {
  // Only JSON can carry half a surrogate pair. Other encodings replace it by U+FFFD.
  const sendable = value.replace(/\p{Cs}/gu, "\ufffd")
  const json = JSON.stringify(value).slice(1, -1)
  return [
    value,
    sendable,
    encodeURIComponent(sendable),
    new URLSearchParams({ "": value }).toString().slice(1),
    json,
    json.replaceAll("/", "\\/")
  ]
}

/** Percent-encoding is written with both cases. ASCII only, so that positions stay the same. */
const toLowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** This many characters of a secret in a row are redacted: a secret may be repeated cut short. */
const fragmentLength = 8

/** Collects the fragments of a secret, or the whole of a short one. */
const addFragments = (secret: string, fragments: Set<string>): void => {
  for (let at = 0; at + fragmentLength <= secret.length; at++) fragments.add(secret.slice(at, at + fragmentLength))
  if (secret !== "" && secret.length < fragmentLength) fragments.add(secret)
}

/** Which UTF-16 units of a text any of the fragments covers: 1 for those that one does. */
const findCovered = (text: string, fragments: ReadonlySet<string>): Uint8Array => {
  const covered = new Uint8Array(text.length)
  const lengths = new Set(Array.from(fragments, (fragment) => fragment.length))
  for (const length of lengths) {
    for (let at = 0; at + length <= text.length; at++) {
      if (fragments.has(text.slice(at, at + length))) covered.fill(1, at, at + length)
    }
  }
  return covered
}

const redactCovered = (text: string, covered: Uint8Array): string => {
  let result = ""
  for (let at = 0; at < text.length; at++) {
    if (covered[at] !== 1) result += text.charAt(at)
    else if (covered[at - 1] !== 1) result += redacted
  }
  return result
}

/** Makes a text from Tink fit to be shown: one short line without any of the secrets. */
export const sanitize = (text: string, secrets: ReadonlyArray<string>): string => {
  const cut = text.slice(0, maxSearched)
  const fragments = new Set<string>()
  for (const encoded of new Set(secrets.flatMap(encodings))) addFragments(toLowerAscii(encoded), fragments)
  return redactCovered(cut, findCovered(toLowerAscii(cut), fragments))
    .replace(jwt, redacted)
    .replace(unprintable, " ")
    .trim()
    .slice(0, maxLength)
    .replace(lastHighSurrogate, "")
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
