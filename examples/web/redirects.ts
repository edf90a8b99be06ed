/** `/callback`: redirects the user to the page, which says how their visit to Tink Link ended. */
import { HttpApiBuilder, HttpServerResponse } from "@effect/platform"
import { Effect, Option, Redacted } from "effect"
import { Api } from "./api.js"
import { sessionCookie } from "./security.js"
import { Sessions } from "./sessions.js"
import { handleReturn, type Return } from "./tinkLinkVisits.js"

/** The fragment is not sent to servers, so it appears in no log. The page removes it. */
const redirectToPage = ({ outcome, reference }: Return) =>
  HttpServerResponse.redirect(
    `/#${new URLSearchParams({ outcome, ...(reference === undefined ? {} : { reference }) })}`,
    { status: 303 }
  )

export const layer = HttpApiBuilder.group(Api, "redirects", (handlers) =>
  handlers.handle("callback", ({ request }) =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const id = Redacted.make(request.cookies[sessionCookie.key] ?? "")
      const session = yield* Effect.orElseSucceed(sessions.find(id), Option.none)
      return redirectToPage(
        Option.isNone(session) ? { outcome: "refused" } : yield* handleReturn(session.value, request.url)
      )
    })
  )
)
