/** Access to the API, and the security headers. */
import {
  HttpApiBuilder,
  HttpApiMiddleware,
  HttpApiSecurity,
  HttpApp,
  HttpMiddleware,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { Context, Effect, Layer, Option, type Redacted, Schema } from "effect"
import { logoSources } from "./banks.js"
import { ForeignOrigin, refuseDatabase, SessionEnded, Unavailable } from "./errors.js"
import { lifetime, type Session, Sessions } from "./sessions.js"
import { Settings } from "./settings.js"

export const sessionCookie = HttpApiSecurity.apiKey({ in: "cookie", key: "session" })

/** Sets the cookie of a session, for as long as the session lasts without use. */
export const setSessionCookie = (id: Redacted.Redacted) =>
  Effect.flatMap(Settings, ({ origin }) =>
    HttpApiBuilder.securitySetCookie(sessionCookie, id, {
      sameSite: "lax",
      secure: origin.startsWith("https:"),
      path: "/",
      maxAge: lifetime
    })
  )

/** The session of the browser that sent the request. */
export class CurrentSession extends Context.Tag("web/CurrentSession")<CurrentSession, Session>() {}

/** The same, if there is one. */
export class KnownSession extends Context.Tag("web/KnownSession")<KnownSession, Option.Option<Session>>() {}

export class Recognized extends HttpApiMiddleware.Tag<Recognized>()("web/Recognized", {
  provides: KnownSession,
  failure: Unavailable,
  security: { cookie: sessionCookie }
}) {}

export const layerRecognized = Layer.effect(
  Recognized,
  Effect.map(Sessions, (sessions) => ({
    cookie: (id) => Effect.catchTag(sessions.find(id), "SqlError", refuseDatabase)
  }))
)

export class Authenticated extends HttpApiMiddleware.Tag<Authenticated>()("web/Authenticated", {
  provides: CurrentSession,
  failure: Schema.Union(SessionEnded, Unavailable),
  security: { cookie: sessionCookie }
}) {}

export const layerAuthenticated = Layer.effect(
  Authenticated,
  Effect.map(Sessions, (sessions) => ({
    cookie: (id) =>
      sessions.find(id).pipe(
        Effect.catchTag("SqlError", refuseDatabase),
        Effect.flatMap(
          Option.match({
            onNone: () => new SessionEnded({ message: "Your session has ended. Please reload the page." }),
            onSome: Effect.succeed
          })
        )
      )
  }))
)

/** Where Tink sends webhooks. They come from no page: a signature proves who sent them. */
export const webhookPath = "/tink/webhooks"

/**
 * Refuses requests that other sites make a browser send. It guards the whole server by the method, so it covers every new endpoint.
 * The cookie is `SameSite=Lax` too.
 */
export class SameOrigin extends HttpApiMiddleware.Tag<SameOrigin>()("web/SameOrigin", { failure: ForeignOrigin }) {}

const toPath = (url: string) => url.split("?", 1)[0]

const isSafe = (method: string) => method === "GET" || method === "HEAD" || method === "OPTIONS"

export const layerSameOrigin = Layer.effect(
  SameOrigin,
  Effect.map(Settings, ({ origin }) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method, url }) =>
      isSafe(method) || toPath(url) === webhookPath || headers["origin"] === origin
        ? Effect.void
        : new ForeignOrigin({ message: `Please open this page at ${origin} and try again.` })
    )
  )
)

const pagePolicy = (images: ReadonlyArray<string>) =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' ${images.join(" ")}; connect-src 'self'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Swagger's page is one file with inline scripts and styles. It shows our own description of the API only. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** For every response, errors included. Responses are not cached unless they say so. */
export const withSecurityHeaders = ({ tinkLinkUrl }: Settings["Type"]) => {
  const policy = pagePolicy(logoSources(tinkLinkUrl))
  return HttpMiddleware.make((app) =>
    HttpApp.withPreResponseHandler(app, ({ url }, response) =>
      Effect.succeed(
        HttpServerResponse.setHeaders(response, {
          "Content-Security-Policy": toPath(url) === "/docs" ? docsPolicy : policy,
          "X-Content-Type-Options": "nosniff",
          "Referrer-Policy": "same-origin",
          "Cross-Origin-Opener-Policy": "same-origin",
          "Cross-Origin-Resource-Policy": "same-origin",
          "Cache-Control": response.headers["cache-control"] ?? "no-store"
        })
      )
    )
  )
}
