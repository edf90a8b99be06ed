/** Access to the API, and the security headers. */
import {
  HttpApiMiddleware,
  HttpApiSecurity,
  HttpApp,
  HttpMiddleware,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { Context, Effect, Layer, Option } from "effect"
import { ForeignOrigin, SessionEnded } from "./errors.js"
import { type Session, Sessions } from "./sessions.js"
import { Settings } from "./settings.js"

export const sessionCookie = HttpApiSecurity.apiKey({ in: "cookie", key: "session" })

/** The session of the browser that sent the request. */
export class CurrentSession extends Context.Tag("web/CurrentSession")<CurrentSession, Session>() {}

export class Authenticated extends HttpApiMiddleware.Tag<Authenticated>()("web/Authenticated", {
  provides: CurrentSession,
  failure: SessionEnded,
  security: { cookie: sessionCookie }
}) {}

export const layerAuthenticated = Layer.effect(
  Authenticated,
  Effect.map(Sessions, (sessions) => ({
    cookie: (id) =>
      Effect.flatMap(
        sessions.find(id),
        Option.match({
          onNone: () => new SessionEnded({ message: "Your session has ended. Please reload the page." }),
          onSome: Effect.succeed
        })
      )
  }))
)

/**
 * Refuses requests that other sites make a browser send. It guards the whole API by the method, so it covers every new endpoint.
 * The cookie is `SameSite=Lax` too.
 */
export class SameOrigin extends HttpApiMiddleware.Tag<SameOrigin>()("web/SameOrigin", { failure: ForeignOrigin }) {}

const isSafe = (method: string) => method === "GET" || method === "HEAD" || method === "OPTIONS"

export const layerSameOrigin = Layer.effect(
  SameOrigin,
  Effect.map(Settings, ({ origin }) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers, method }) =>
      isSafe(method) || headers["origin"] === origin
        ? Effect.void
        : new ForeignOrigin({ message: `Please open this page at ${origin} and try again.` })
    )
  )
)

const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Swagger's page is one file with inline scripts and styles. It shows our own description of the API only. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const toPath = (url: string) => url.split("?", 1)[0]

/** For every response, errors included. Responses are not cached unless they say so. */
export const withSecurityHeaders = HttpMiddleware.make((app) =>
  HttpApp.withPreResponseHandler(app, ({ url }, response) =>
    Effect.succeed(
      HttpServerResponse.setHeaders(response, {
        "Content-Security-Policy": toPath(url) === "/docs" ? docsPolicy : pagePolicy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": response.headers["cache-control"] ?? "no-store"
      })
    )
  )
)
