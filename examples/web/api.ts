/** The HTTP API of the server, which `/docs` shows. */
import { Ids } from "@effect-tink/http"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Failure } from "./errors.js"
import { Authenticated, Recognized, SameOrigin } from "./security.js"

const optionalTime = Schema.optionalWith(Schema.DateTimeUtc, { exact: true })

/** What the status of a credential means to its user. */
export const State = Schema.Literal(
  "up-to-date",
  "updating",
  "waiting-for-you",
  "consent-expired",
  "login-failed",
  "bank-problem",
  "discontinued",
  "unknown"
)

export type State = typeof State.Type

/** A credential of Tink, as the page shows it: a connection to a bank. */
export class Connection extends Schema.Class<Connection>("Connection")({
  id: Ids.CredentialsId,
  /** The bank's own name for itself. */
  bank: Schema.String,
  /** The URL of the bank's logo. */
  logo: Schema.optionalWith(Schema.String, { exact: true }),
  state: State,
  /** The bank's message about the state. */
  message: Schema.optionalWith(Schema.String, { exact: true }),
  /** When data was last fetched. */
  updatedAt: optionalTime,
  /** When the consent ends, or ended. */
  consentEndsAt: optionalTime
}) {}

export class Overview extends Schema.Class<Overview>("Overview")({
  connections: Schema.Array(Connection),
  /** Whether this browser has a session, and so a stream of events. It gets one when the first bank is connected. */
  isKnown: Schema.Boolean,
  /** Whether this runs on a sandbox, where a consent can be made to expire. */
  isSandbox: Schema.Boolean
}) {}

export class TinkLinkVisit extends Schema.Class<TinkLinkVisit>("TinkLinkVisit")({
  /** The link to Tink Link. It works once and expires soon. */
  url: Schema.Redacted(Schema.String)
}) {}

const id = HttpApiSchema.param("id", Ids.CredentialsId)

const describe = (summary: string, description?: string) =>
  OpenApi.annotations({ summary, ...(description === undefined ? {} : { description }) })

class Connections extends HttpApiGroup.make("connections")
  .add(
    HttpApiEndpoint.get("events", "/events")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .annotateContext(
        describe(
          "Your banks, live",
          "Server-sent events: `overview` first and when the list changes, `connection` when one of them changes, " +
            "`settled` with its id when a refresh has ended, `problem` with one of the errors of this API."
        )
      )
  )
  .add(
    HttpApiEndpoint.post("renew")`/connections/${id}/renew`
      .addSuccess(TinkLinkVisit)
      .annotateContext(describe("Begin to renew the consent for a bank"))
  )
  .add(
    HttpApiEndpoint.post("refresh")`/connections/${id}/refresh`
      .addSuccess(HttpApiSchema.Accepted)
      .annotateContext(describe("Ask the bank for new data", "`/api/events` tells how it ends."))
  )
  .add(HttpApiEndpoint.del("disconnect")`/connections/${id}`.annotateContext(describe("Disconnect a bank")))
  .middlewareEndpoints(Authenticated)
  // These two are for browsers without a session, too.
  .add(
    HttpApiEndpoint.get("list", "/connections")
      .addSuccess(Overview)
      .middleware(Recognized)
      .annotateContext(describe("Your banks"))
  )
  .add(
    HttpApiEndpoint.post("connect", "/connections")
      .addSuccess(TinkLinkVisit)
      .middleware(Recognized)
      .annotateContext(describe("Begin to connect a bank", "Begins a session if the browser has none."))
  )
  .addError(Failure)
  .prefix("/api") {}

class Sandbox extends HttpApiGroup.make("sandbox")
  .add(
    HttpApiEndpoint.post("expire")`/connections/${id}/expire`.annotateContext(
      describe("End the consent for a bank now", "404 unless the application runs on a sandbox.")
    )
  )
  .addError(Failure)
  .middleware(Authenticated)
  .prefix("/api/sandbox") {}

class Redirects extends HttpApiGroup.make("redirects").add(
  HttpApiEndpoint.get("callback", "/callback")
    .addSuccess(HttpApiSchema.Empty(303))
    .annotateContext(
      describe("The redirect URI of Tink Link", "Redirects to the page, which says how the visit ended.")
    )
) {}

export class Api extends HttpApi.make("your-banks")
  .add(Connections)
  .add(Sandbox)
  .add(Redirects)
  .middleware(SameOrigin)
  .annotateContext(OpenApi.annotations({ title: "Your banks", version: "1.0.0" })) {}
