/** Serves the page and its files. */
import { HttpApiBuilder, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { Effect, Option, Redacted } from "effect"
import { join } from "node:path"
import { refuseDatabase } from "./errors.js"
import { sessionCookie, setSessionCookie } from "./security.js"
import { Sessions } from "./sessions.js"
import type { Settings } from "./settings.js"

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
  const sessions = yield* Sessions
  const { cookies } = yield* HttpServerRequest.HttpServerRequest
  const id = Redacted.make(cookies[sessionCookie.key] ?? "")
  // Opening the page extends a session, and so its cookie, but begins none.
  if (Option.isSome(yield* sessions.find(id))) yield* setSessionCookie(id)
  return yield* file("index.html")
}).pipe(
  Effect.catchTag("SqlError", (error) => Effect.andThen(Effect.ignore(refuseDatabase(error)), file("index.html")))
)

export const layer = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Sessions | Settings>()
    yield* router.get("/", Effect.provide(index, context))
    yield* router.get("/app.js", asset("app.js"))
    yield* router.get("/style.css", asset("style.css"))
    yield* router.get("/icon.svg", asset("icon.svg"))
    // For `/docs`, which does not name an icon.
    yield* router.get("/favicon.ico", asset("icon.svg"))
  })
)
