/** The keys of the cache. */
import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as Redacted from "effect/Redacted"
import type { ReadEndpoint } from "../../Endpoint.js"
import type { Call } from "./call.js"
import { digest } from "../digest.js"
import { memoize } from "../lazy.js"
import { isPlainObject } from "../schemas/input.js"

type Keyed = Call<Pick<ReadEndpoint<UserScope, never, never>, "name" | "input">>

/** The JSON of every secret: without digests, two secrets would share one cached response. */
const redacted = JSON.stringify(Redacted.make(""))

const withDigests = (members: unknown): string =>
  JSON.stringify(members, function (this: unknown, name: string, value: unknown) {
    const held: unknown = Object(this)[name]
    return Redacted.isRedacted(held) ? { secret: digest(String(Redacted.value(held))) } : value
  })

/** Thrown for a value that JSON does not tell apart from another one. */
class Lossy extends Error {}

/** JSON writes `NaN` and what it cannot write as `null` or not at all, `-0` as `0`, and a date as a string. */
const isLossless = (value: unknown): boolean => {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return true
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
    case "object":
      return value === null || Array.isArray(value) || isPlainObject(value) || Redacted.isRedacted(value)
    default:
      return false
  }
}

/** Members that are `undefined` are not sent. An item of a list that is `undefined` is. */
const toJson = (members: unknown): string =>
  JSON.stringify(members, function (this: unknown, name: string, value: unknown) {
    const held: unknown = Object(this)[name]
    if (!isLossless(held) || (held === undefined && Array.isArray(this))) throw new Lossy()
    return value
  })

/** Like `memoize`, for strings. It forgets them all when there are too many. */
const memoizeTexts = (capacity: number, make: (source: string) => string): ((source: string) => string) => {
  const made = new Map<string, string>()
  return (source) => {
    const known = made.get(source)
    if (known !== undefined) return known
    if (made.size === capacity) made.clear()
    const value = make(source)
    made.set(source, value)
    return value
  }
}

/** Joined, not a template: V8 would keep all parts of one, and put them together at each comparison. */
const joinKey = (...parts: ReadonlyArray<string>): string => parts.join(" ")

/**
 * Calls with the same response have the same key. Endpoints are numbered, as an application may reuse a name.
 * `usersId` is part of it: another `Users` may be for another Tink app.
 */
export const makeCacheKey = (usersId: string) => {
  let endpoints = 0
  let others = 0

  const keysOf = memoize((endpoint: Keyed["endpoint"]) => {
    const prefix = joinKey(usersId, endpoint.name, String(++endpoints))
    return { prefix, withoutArguments: memoizeTexts(1_000, (identity) => joinKey(prefix, "", "", identity)) }
  })

  const membersKey = (members: unknown): string => {
    try {
      const json = toJson(members)
      return json.includes(redacted) ? withDigests(members) : json
    } catch {
      // JSON cannot represent the input, or not distinctly: use a key that no other call has.
      return `#${++others}`
    }
  }

  return ({ endpoint, id, members }: Keyed, identity: string): string => {
    const { prefix, withoutArguments } = keysOf(endpoint)
    if (id === undefined && endpoint.input === undefined) return withoutArguments(identity)
    return joinKey(prefix, id ?? "", endpoint.input === undefined ? "" : membersKey(members), identity)
  }
}
