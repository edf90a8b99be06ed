/** Serves the page and its files. Opening the page begins a session. */
import { HttpApiBuilder, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Effect, Option, Redacted } from "effect"
import { join } from "node:path"
import { sessionCookie } from "./security.js"
import * as Sessions from "./sessions.js"
import { Settings } from "./settings.js"

const file = (name: string) => Effect.orDie(HttpServerResponse.file(join(import.meta.dirname, "page", name)))

/** The browser caches it, and asks each time whether it has changed. */
const asset = (name: string) =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const response = HttpServerResponse.setHeader(yield* file(name), "Cache-Control", "no-cache")
    const { etag } = response.headers
    return headers["if-none-match"] === etag && etag !== undefined
      ? HttpServerResponse.empty({ status: 304, headers: { etag, "Cache-Control": "no-cache" } })
      : response
  })

const index = Effect.gen(function* () {
  const sessions = yield* Sessions.Sessions
  const { origin } = yield* Settings
  const { cookies } = yield* HttpServerRequest.HttpServerRequest
  const known = yield* sessions.find(Redacted.make(cookies[sessionCookie.key] ?? ""))
  const session = Option.isSome(known) ? known.value : yield* sessions.create
  const response = yield* file("index.html")
  // An existing cookie is set again, since the session was extended.
  return HttpServerResponse.unsafeSetCookie(response, sessionCookie.key, Redacted.value(session.id), {
    httpOnly: true,
    sameSite: "lax",
    secure: origin.startsWith("https:"),
    path: "/",
    maxAge: Sessions.lifetime
  })
})

export const layer = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Sessions.Sessions | Settings>()
    yield* router.get("/", Effect.provide(index, context))
    yield* router.get("/app.js", asset("app.js"))
    yield* router.get("/style.css", asset("style.css"))
    yield* router.get("/icon.svg", asset("icon.svg"))
    // For `/docs`, which does not name an icon.
    yield* router.get("/favicon.ico", asset("icon.svg"))
  })
)
