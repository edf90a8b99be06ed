/** Plain requests, and what Tink answers. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** The fields of a form that name a user, by Tink's id or the app's own. */
export type UserReference = { readonly user_id: string } | { readonly external_user_id: string }

/** The app whose keys are used. */
export class App extends Context.Tag("contract/App")<
  App,
  {
    readonly baseUrl: string
    readonly clientId: string
    readonly clientSecret: Redacted.Redacted
    /** A user with a connection, which is refreshed and deleted. Without one, what needs it is "not reached". */
    readonly connectedUser?: UserReference | undefined
  }
>() {}

/** A statement that could not be checked. */
export class NotReached extends Data.TaggedError("NotReached")<{ readonly why: string }> {}

export type Members = Readonly<Record<string, unknown>>

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly members: Members
  readonly isEmpty: boolean
}

interface Sent {
  readonly token?: Redacted.Redacted | undefined
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
}

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))

const membersOf = (text: string): Answer["members"] => {
  const json = Option.getOrUndefined(parse(text))
  return typeof json === "object" && json !== null ? { ...json } : {}
}

export const send = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, { form, json, token }: Sent = {}) =>
  Effect.gen(function* () {
    const { baseUrl } = yield* App
    let request = HttpClientRequest.make(method)(baseUrl + path)
    if (token !== undefined) request = HttpClientRequest.bearerToken(request, token)
    if (form !== undefined) request = HttpClientRequest.bodyUrlParams(request, form)
    if (json !== undefined) request = HttpClientRequest.bodyUnsafeJson(request, json)
    const response = yield* HttpClient.execute(request)
    const text = yield* response.text
    return {
      status: response.status,
      contentType: response.headers["content-type"] ?? "",
      members: membersOf(text),
      isEmpty: text === ""
    } satisfies Answer
  }).pipe(
    Effect.timeout("30 seconds"),
    // The error of a client holds the request, and with it the token.
    Effect.mapError(() => new NotReached({ why: "no answer" }))
  )

/** What an answer was, without any of its values. */
export const describe = ({ members, status }: Answer): string => {
  const code = members["errorCode"]
  const names = Object.keys(members)
    .filter((name) => /^[A-Za-z_]{1,40}$/.test(name))
    .join(", ")
  return [
    String(status),
    names === "" ? "without members" : `with ${names}`,
    ...(typeof code === "string" && /^[a-z_.]{1,80}$/.test(code) ? [`(${code})`] : [])
  ].join(" ")
}
