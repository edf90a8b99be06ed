import * as Arr from "effect/Array"
import * as Encoding from "effect/Encoding"
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

/** More of a secret than fits in a header, and than is searched of a text. */
const maxSecret = 16 * 1024

/** This many characters of a secret in a row are redacted: a secret may be repeated cut short. */
const fragmentLength = 8

const toUnicodeEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`

const entities: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "#39" }

/** JSON as most write it, in ASCII, and as Gson does, each also with an escaped slash. */
const jsonEncodings = (value: string): ReadonlyArray<string> => {
  const json = JSON.stringify(value).slice(1, -1)
  const written = [
    json,
    json.replace(/[^ -~]/g, toUnicodeEscape),
    json.replace(/[<>&='\u2028\u2029]/g, toUnicodeEscape)
  ]
  return [...written, ...written.map((text) => text.replaceAll("/", "\\/"))]
}

/** A secret as it was sent, and its encodings in a form, in a URL, in JSON, in HTML and in Base64. */
const encodings = (secret: string): ReadonlyArray<string> => {
  const value = secret.slice(0, maxSecret)
  // Only JSON can carry half a surrogate pair. Other encodings replace it by U+FFFD.
  const sendable = value.replace(/\p{Cs}/gu, "\ufffd")
  const base64 = Encoding.encodeBase64(sendable).replace(/=+$/, "")
  return [
    value,
    sendable,
    encodeURIComponent(sendable),
    new URLSearchParams({ "": value }).toString().slice(1),
    ...jsonEncodings(value),
    value.replace(/[&<>"']/g, (character) => `&${entities[character]};`),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_")
  ]
}

/** Percent-encoding is written with both cases. ASCII only, so that positions stay the same. */
const toLowerAscii = (text: string): string =>
  /[^\0-\x7f]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase()

/** The positions of each fragment of a text. Not of the secrets, which may be far longer. */
const indexFragments = (text: string): Map<string, Array<number>> => {
  const positions = new Map<string, Array<number>>()
  for (let at = 0; at + fragmentLength <= text.length; at++) {
    const fragment = text.slice(at, at + fragmentLength)
    const known = positions.get(fragment)
    if (known === undefined) positions.set(fragment, [at])
    else known.push(at)
  }
  return positions
}

/** Which UTF-16 units of a text repeat a secret: 1 for those that do. */
const findCovered = (text: string, secrets: Iterable<string>): Uint8Array => {
  const covered = new Uint8Array(text.length)
  const positions = indexFragments(text)
  for (const secret of secrets) {
    for (let at = 0; at + fragmentLength <= secret.length; at++) {
      const fragment = secret.slice(at, at + fragmentLength)
      const starts = positions.get(fragment)
      if (starts === undefined) continue
      for (const start of starts) covered.fill(1, start, start + fragmentLength)
      positions.delete(fragment)
    }
    // A short one is redacted as a whole.
    if (secret === "" || secret.length >= fragmentLength) continue
    for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) {
      covered.fill(1, at, at + secret.length)
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
  const searched = text.slice(0, maxSearched)
  const encoded = new Set(Array.from(secrets.flatMap(encodings), toLowerAscii))
  const covered = findCovered(toLowerAscii(searched), encoded)
  // A fragment of a secret that the cut went through cannot be found.
  const shown = text.length > maxSearched ? searched.slice(0, -fragmentLength) : searched
  return redactCovered(shown, covered)
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
