/** Tinks that repeat what they were told, and fail in every way there is. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Answer, broken, scriptedTink, type Sent } from "../../../test/support/scriptedTink.js"
import { type Canaries, type Canary, redact, toldOf } from "./canaries.js"
import { layerOver } from "./helpers.js"
import { id, userId } from "./scripted.js"

const unknownOf = ({ responseBody: { text } }: Canaries) => ({ unknown: text, deep: { er: [text] } })

const profile = {
  currency: "SEK",
  locale: "sv_SE",
  market: "SE",
  timeZone: "Europe/Stockholm",
  periodAdjustedDay: 25,
  periodMode: "MONTHLY_ADJUSTED",
  notificationSettings: { balance: true }
}

const user = { id: userId, appId: "an-app", created: 1700000000000, flags: ["A_FLAG"], profile }

const consent = {
  credentialsId: id,
  providerName: "a-bank",
  status: "UPDATED",
  sessionExtendable: true,
  accountIds: ["an-account"],
  detailedError: {
    type: "USER_LOGIN_ERROR",
    displayMessage: "Log in once more.",
    details: { reason: "SESSION_EXPIRED", retryable: true }
  }
}

const credentialOf = (planted: Canaries) => ({
  id,
  userId,
  providerName: "a-bank",
  status: "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  supplementalInformation: planted.supplementalInformation.text,
  sensitivePayload: planted.responseBody.text,
  ...unknownOf(planted)
})

export type Scenario = (planted: Canaries, request: Sent, line: string) => Answer

/** A secret as it is, in a form, in a URL, and in JSON. */
const formsOf = ({ text }: Canary): ReadonlyArray<string> => [
  text,
  encodeURIComponent(text.replace(/\p{Cs}/gu, "\ufffd")),
  new URLSearchParams({ "": text }).toString().slice(1),
  JSON.stringify(text)
]

/** Only the secrets that the request had. */
const echoOf = (planted: Canaries, { body, headers }: Sent): ReadonlyArray<string> => {
  const sent = `${headers["authorization"] ?? ""} ${body}`
  return toldOf(planted)
    .filter((secret) => secret === planted.clientSecret || sent.includes(secret.core))
    .flatMap(formsOf)
}

const answer = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  Effect.sync(() => new Response(status === 204 ? null : body, { status, headers }))

/** What Tink answers with when all is well, by the end of the request; what changes something has no answer otherwise. */
const answers: ReadonlyArray<readonly [string, (planted: Canaries) => object | string]> = [
  ["/oauth/token client_credentials", ({ appToken }) => ({ access_token: appToken.text, expires_in: 1800 })],
  ["/oauth/token authorization_code", ({ userToken }) => ({ access_token: userToken.text, expires_in: 7200 })],
  ["/authorization-grant", ({ code }) => ({ code: code.text })],
  ["/authorization-grant/delegate", ({ linkCode }) => ({ code: linkCode.text })],
  ["/user/create", () => ({ user_id: userId })],
  ["/api/v1/user", ({ nationalId }) => ({ ...user, nationalId: nationalId.text })],
  ["/api/v1/user/profile", () => profile],
  ["GET /api/v1/credentials/list", (planted) => ({ credentials: [credentialOf(planted)] })],
  [`GET /api/v1/credentials/${id}`, credentialOf],
  [`PUT /api/v1/credentials/${id}`, credentialOf],
  ["POST /api/v1/credentials", credentialOf],
  ["/qr", ({ qr }) => `data:image/png;base64,${qr.core}`],
  ["/provider-consents", (planted) => ({ providerConsents: [{ ...consent, ...unknownOf(planted) }] })],
  ["/provider-consents:extend", () => consent]
]

export const good: Scenario = (planted, _, line) => {
  const [, found] = answers.find(([end]) => line.endsWith(end)) ?? []
  const said = found?.(planted)
  if (said === undefined) return answer(204, "")
  if (typeof said === "string") return answer(200, said)
  // What is not known of a profile is kept, and may be shown.
  return answer(200, JSON.stringify(said === profile ? said : { ...said, ...unknownOf(planted) }))
}

/** A header cannot hold what is not Latin-1, nor the end of a line. */
const headersOf = (echo: ReadonlyArray<string>, planted: Canaries) => {
  const echoed = echo.filter((text) => /^[\x20-\x7e]*$/.test(text)).join(" and ")
  return {
    "x-request-id": echoed,
    "retry-after": planted.responseBody.text,
    location: `https://elsewhere.invalid/?${planted.responseBody.text}`,
    "set-cookie": `session=${planted.responseBody.text}`,
    "www-authenticate": `Bearer error="${planted.responseBody.text}"`,
    "x-other": echoed
  }
}

/** Tink says no, and all that it knows. */
const refusal =
  (status: number): Scenario =>
  (planted, request) => {
    const echo = echoOf(planted, request)
    const said = echo.join(" and ")
    const { text } = planted.responseBody
    const body = { errorMessage: `no: ${said}`, errorCode: said, errorDetails: { text }, more: [text], [text]: text }
    return answer(status, JSON.stringify(body), headersOf(echo, planted))
  }

/** A failure whose body is not as it should be. */
const oddRefusal =
  (status: number, body: (text: string) => string): Scenario =>
  (planted, request) =>
    answer(status, body(planted.responseBody.text), headersOf(echoOf(planted, request), planted))

const success =
  (body: (text: string) => string): Scenario =>
  (planted, request) =>
    answer(200, body(planted.responseBody.text), headersOf(echoOf(planted, request), planted))

export class Broken extends Data.TaggedError("Broken")<{ readonly cause: unknown; readonly message: string }> {}

const breaks =
  (reason: "Transport" | "Encode", code?: string): Scenario =>
  (planted) => {
    const message = Object.values(planted)
      .map(({ text }: Canary) => text)
      .join(" ")
    const cause = Object.assign(new Broken({ cause: planted, message }), { code, syscall: "connect" })
    return broken(cause, { reason, description: message })
  }

const cuts: Scenario = (planted, request) =>
  Effect.sync(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode(`{"id":"${planted.responseBody.text}`)),
          pull: (controller) =>
            controller.error(new Broken({ cause: planted, message: echoOf(planted, request).join(" ") }))
        }),
        { headers: headersOf(echoOf(planted, request), planted) }
      )
  )

const stalls: Scenario = (planted) =>
  Effect.sync(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode(`{"id":"${planted.responseBody.text}`))
        })
      )
  )

/** The subject of a response. */
export type Area = "authorization" | "users" | "credentials" | "consents"

/** Every field except those that may be lists, for answers with a list where something else belongs. */
const wrongFields: Readonly<Record<Area, ReadonlyArray<string>>> = {
  authorization: ["access_token", "expires_in", "id_hint", "code", "id", "externalUserId"],
  users: [
    ..."id user_id external_user_id externalUserId appId created nationalId username".split(" "),
    ..."profile profile.currency profile.periodMode profile.notificationSettings.balance".split(" "),
    ..."currency locale market timeZone periodAdjustedDay periodMode notificationSettings".split(" ")
  ],
  credentials: [
    ..."id userId providerName type status statusUpdated statusPayload updated sessionExpiryDate".split(" "),
    ..."fields fields.username supplementalInformation code".split(" ")
  ],
  consents: [
    ..."credentialsId providerName status statusUpdated sessionExpiryDate sessionExtendable".split(" "),
    ..."detailedError detailedError.type detailedError.displayMessage detailedError.details".split(" "),
    ..."detailedError.details.reason detailedError.details.retryable".split(" ")
  ]
}

/** The fields that are not strings, or not any string. Other strings may be shown. */
const wrongTexts: Readonly<Record<Area, ReadonlyArray<string>>> = {
  authorization: ["access_token", "expires_in", "id"],
  users: [
    ..."id user_id created flags profile profile.periodAdjustedDay".split(" "),
    ..."periodAdjustedDay notificationSettings notificationSettings.balance".split(" ")
  ],
  credentials: ["id", "userId", "statusUpdated", "updated", "sessionExpiryDate", "fields"],
  consents: [
    ..."credentialsId statusUpdated sessionExpiryDate sessionExtendable accountIds".split(" "),
    ..."detailedError detailedError.details detailedError.details.retryable".split(" ")
  ]
}

const areas = ["authorization", "users", "credentials", "consents"] as const

/** The answer to everything. */
const fullAnswer = {
  ...profile,
  ...user,
  ...consent,
  access_token: "a-token",
  expires_in: 1800,
  code: "a-code",
  user_id: userId,
  userId,
  fields: { username: "a-name" }
}

const withWrong = (whole: unknown, [name = "", ...deeper]: ReadonlyArray<string>, wrong: unknown): object => {
  const parts: Readonly<Record<string, unknown>> = { ...Object(whole) }
  return { ...parts, [name]: deeper.length === 0 ? wrong : withWrong(parts[name], deeper, wrong) }
}

const wrongAnswer = (field: string, wrong: unknown): string => {
  const wronged = withWrong(fullAnswer, field.split("."), wrong)
  return JSON.stringify({ ...wronged, credentials: [wronged], providerConsents: [wronged] })
}

/** Tinks without a valid answer. */
export const brokenScenarios: ReadonlyArray<readonly [string, Scenario]> = [
  ...[302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503].map(
    (status) => [`Tink answers ${status} and repeats all`, refusal(status)] as const
  ),
  ...[401, 503].flatMap((status) => [
    [`Tink answers ${status} with a page`, oddRefusal(status, (text) => `<html>${text}</html>`)] as const,
    [`Tink answers ${status} with nothing`, oddRefusal(status, () => "")] as const,
    [
      `Tink answers ${status} with objects for strings`,
      oddRefusal(status, (text) => JSON.stringify({ errorMessage: { text }, errorCode: [text] }))
    ] as const,
    [
      `Tink answers ${status} with JSON that is cut`,
      oddRefusal(status, (text) => `{"errorMessage":${JSON.stringify(text)}`)
    ] as const
  ]),
  ["Tink answers with a page", success((text) => `<html>${text}</html>`)],
  ["Tink answers with JSON that is cut", success((text) => `{"access_token":${JSON.stringify(text)}`)],
  ["Tink answers with a string", success((text) => JSON.stringify(text))],
  ["Tink answers with a list", success((text) => JSON.stringify([text]))],
  ["the connection breaks", breaks("Transport")],
  ["the connection is refused", breaks("Transport", "ECONNREFUSED")],
  ["the request cannot be written", breaks("Encode")],
  ["the body is cut", cuts],
  ["the body stalls", stalls],
  ["no answer comes", () => Effect.never]
]

/** Tinks whose answers are not as documented in one place. */
export const wrongScenarios: ReadonlyArray<readonly [string, Scenario, Area]> = areas.flatMap((area) => [
  ...wrongFields[area].map(
    (field) => [`${field} of ${area} is a list`, success((text) => wrongAnswer(field, [text])), area] as const
  ),
  ...wrongTexts[area].map(
    (field) =>
      [
        `${field} of ${area} is an invalid string`,
        success((text) => wrongAnswer(field, ` ../${text}\n`)),
        area
      ] as const
  )
])

/** Some of the requests are answered as if all were well. */
export const sparing =
  (scenario: Scenario, isSpared: (line: string) => boolean): Scenario =>
  (planted, request, line) =>
    (isSpared(line) ? good : scenario)(planted, request, line)

export const isOAuth = (line: string) => line.includes("/oauth/")

export const layerScenario = (scenario: Scenario, planted: Canaries) =>
  layerOver(
    scriptedTink((sent) =>
      scenario(planted, sent, `${sent.method} ${sent.path} ${sent.form["grant_type"] ?? ""}`.trim())
    ).client,
    {
      clientSecret: redact(planted.clientSecret),
      maxRetries: 1,
      retryBaseDelay: 0,
      retryMaxDelay: 0,
      attemptTimeout: "1 second",
      deadline: "3 seconds"
    }
  ).pipe(Layer.orDie)
