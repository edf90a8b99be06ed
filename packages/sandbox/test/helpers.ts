import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { TinkSandbox } from "@effect-tink/sandbox"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Order from "effect/Order"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"

export type Method = "GET" | "POST" | "DELETE" | "PUT" | "PATCH"

/** A request as Tink's documentation has it. */
export interface Sent {
  readonly token?: string
  readonly form?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** A body that no client would send. */
  readonly text?: { readonly body: string; readonly contentType: string }
  readonly headers?: Readonly<Record<string, string>>
}

export interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  // The tests compare bodies with the documentation, without a schema in between.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

const withBody = (request: HttpClientRequest.HttpClientRequest, sent: Sent) => {
  if (sent.form !== undefined) return HttpClientRequest.bodyUrlParams(request, sent.form)
  if (sent.json !== undefined) return HttpClientRequest.bodyText(request, JSON.stringify(sent.json), "application/json")
  if (sent.text !== undefined) return HttpClientRequest.bodyText(request, sent.text.body, sent.text.contentType)
  return request
}

export const prepare = (method: Method, path: string, sent: Sent = {}) =>
  HttpClientRequest.make(method)(`https://api.tink.com${path}`).pipe(
    HttpClientRequest.setHeaders({
      ...sent.headers,
      ...(sent.token === undefined ? {} : { authorization: `Bearer ${sent.token}` })
    }),
    (request) => withBody(request, sent)
  )

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const send = Effect.fnUntraced(function* (method: Method, path: string, sent: Sent = {}) {
  const client = yield* HttpClient.HttpClient
  const response = yield* client.execute(prepare(method, path, sent))
  const text = yield* response.text
  return { status: response.status, headers: response.headers, text, body: parse(text) } satisfies Received as Received
})

const credentials = { client_id: "sandbox-client", client_secret: "sandbox-secret" }

export const askClientToken = (scope?: string) =>
  send("POST", "/api/v1/oauth/token", {
    form: { ...credentials, grant_type: "client_credentials", ...(scope === undefined ? {} : { scope }) }
  })

export const clientToken = (scope?: string) =>
  Effect.map(askClientToken(scope), (received): string => received.body.access_token)

export const createUser = (json: Readonly<Record<string, unknown>> = { market: "SE" }) =>
  Effect.flatMap(clientToken("user:create"), (token) => send("POST", "/api/v1/user/create", { token, json }))

export const newUser = (json?: Readonly<Record<string, unknown>>) =>
  Effect.map(createUser(json), (received): string => received.body.user_id)

export const askCode = (form: Readonly<Record<string, string>>) =>
  Effect.flatMap(clientToken("authorization:grant"), (token) =>
    send("POST", "/api/v1/oauth/authorization-grant", { token, form })
  )

export const redeem = (code: string, extra: Readonly<Record<string, string>> = {}) =>
  send("POST", "/api/v1/oauth/token", { form: { ...credentials, grant_type: "authorization_code", code, ...extra } })

export const userToken = Effect.fnUntraced(function* (userId: string, scope: string) {
  const { body } = yield* askCode({ user_id: userId, scope })
  const redeemed = yield* redeem(body.code)
  return String(redeemed.body.access_token)
})

export const keysOf = (body: object): ReadonlyArray<string> => Arr.sort(Object.keys(body), Order.string)

/** Checks each row in a sandbox and at a clock of its own. A failure names its row. */
export const eachRow = <Row>(
  rows: ReadonlyArray<Row>,
  check: (row: Row) => Effect.Effect<void, unknown, TinkSandbox.TinkSandbox | HttpClient.HttpClient>
) =>
  Effect.forEach(
    rows,
    (row) =>
      check(row).pipe(
        Effect.provide(TinkSandbox.layerHttpClient()),
        Effect.provide(TestContext.TestContext),
        Effect.catchAllCause((cause) =>
          Effect.die(new Error(`${Inspectable.format(row).slice(0, 300)}: ${Cause.pretty(cause)}`))
        )
      ),
    { discard: true }
  )

/** A user with a bank and a token for all credentials and consents, at a time that is not zero. */
export const connected = Effect.fnUntraced(function* (options?: TinkSandbox.ConnectBankOptions) {
  yield* TestClock.setTime(1_700_000_000_000)
  const sandbox = yield* TinkSandbox.TinkSandbox
  const userId = yield* newUser()
  const { id } = yield* sandbox.connectBank(userId, options)
  const token = yield* userToken(
    userId,
    "credentials:read,credentials:write,credentials:refresh,provider-consents:read,provider-consents:write"
  )
  const path = `/api/v1/credentials/${id}`
  return {
    sandbox,
    userId,
    id,
    token,
    path,
    read: Effect.map(send("GET", path, { token }), ({ body }) => body),
    refresh: (query = "", json?: unknown) =>
      Effect.map(send("POST", `${path}/refresh${query}`, { token, json }), ({ status }) => status)
  }
})
