/** What a statement is, and how it is made. */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Answer, App, NotReached, send, type UserReference } from "./wire.js"

/** What the statements have made so far. */
export interface Progress {
  readonly externalUserId: string
  clientToken?: Redacted.Redacted
  userId?: string
  code?: Redacted.Redacted
  userToken?: Redacted.Redacted
  deletingToken?: Redacted.Redacted
  readonly connectedUser: UserReference | undefined
  credentialsId?: string
}

export interface Statement {
  /** The section of tink-api.md. */
  readonly section: string
  readonly text: string
  /** Sends a request, and says whether its answer is as stated. */
  readonly check: (
    progress: Progress
  ) => Effect.Effect<readonly [answer: Answer, isAsStated: boolean], NotReached, App | HttpClient.HttpClient>
}

export const need = <A>(value: A | undefined, what: string): Effect.Effect<A, NotReached> =>
  value === undefined ? Effect.fail(new NotReached({ why: `there is no ${what}` })) : Effect.succeed(value)

export const hasText = ({ members }: Answer, name: string): boolean =>
  typeof members[name] === "string" && members[name] !== ""

export const secret = ({ members }: Answer, name: string): Redacted.Redacted | undefined =>
  typeof members[name] === "string" ? Redacted.make(members[name]) : undefined

export const isList = ({ members, status }: Answer, name: string): boolean =>
  status === 200 && Array.isArray(members[name])

export const isErrorBody = (answer: Answer): boolean => hasText(answer, "errorMessage") && hasText(answer, "errorCode")

export const token = (fields: Readonly<Record<string, string>>) =>
  Effect.flatMap(App, ({ clientId, clientSecret }) =>
    send("POST", "/api/v1/oauth/token", {
      form: { client_id: clientId, client_secret: Redacted.value(clientSecret), ...fields }
    })
  )

/** The scopes without which no statement about users can be checked. */
export const clientScopes = "user:create,authorization:grant"

export const clientToken = (scope: string) => token({ grant_type: "client_credentials", scope })

export const exchange = (code: Redacted.Redacted) =>
  token({ grant_type: "authorization_code", code: Redacted.value(code) })

export const status =
  (...statuses: ReadonlyArray<number>) =>
  (answer: Answer): boolean =>
    statuses.includes(answer.status)

export const both =
  (...checks: ReadonlyArray<(answer: Answer) => boolean>) =>
  (answer: Answer): boolean =>
    checks.every((check) => check(answer))

/** A statement about one answer. */
export const states = <R extends App | HttpClient.HttpClient>(
  section: string,
  text: string,
  request: (progress: Progress) => Effect.Effect<Answer, NotReached, R>,
  isAsStated: (answer: Answer) => boolean,
  remember: (progress: Progress, answer: Answer) => void = () => {}
): Statement => ({
  section,
  text,
  check: (progress) =>
    Effect.map(request(progress), (answer) => {
      remember(progress, answer)
      return [answer, isAsStated(answer)] as const
    })
})
