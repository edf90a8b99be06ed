/** Who may call the API, and what browsers are told to allow. */
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
 * Refuses what other sites have a browser send. On the whole API, and by the method, so that no endpoint can be forgotten.
 * The cookie is `SameSite=Lax` besides.
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

/** Swagger's page is one file with everything in it, which shows nothing but our own description of the API. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const pathOf = (url: string) => url.split("?", 1)[0]

/** On every response, also those that say what went wrong. What says nothing else is kept by nobody. */
export const withSecurityHeaders = HttpMiddleware.make((app) =>
  HttpApp.withPreResponseHandler(app, ({ url }, response) =>
    Effect.succeed(
      HttpServerResponse.setHeaders(response, {
        "Content-Security-Policy": pathOf(url) === "/docs" ? docsPolicy : pagePolicy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": response.headers["cache-control"] ?? "no-store"
      })
    )
  )
)
