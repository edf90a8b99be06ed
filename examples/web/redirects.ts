/** `/callback`: a person arrives here, so that all there is to say is said by the page. */
import { HttpApiBuilder, HttpServerResponse } from "@effect/platform"
import { Effect, Option, Redacted } from "effect"
import { Api } from "./api.js"
import { sessionCookie } from "./security.js"
import { Sessions } from "./sessions.js"
import { comeBack, type Return } from "./tinkLinkVisits.js"

/** After `#`, where it is in no log, and gone as soon as the page has read it. */
const pageSaying = ({ outcome, reference }: Return) =>
  HttpServerResponse.redirect(
    `/#${new URLSearchParams({ outcome, ...(reference === undefined ? {} : { reference }) })}`,
    { status: 303 }
  )

export const layer = HttpApiBuilder.group(Api, "redirects", (handlers) =>
  handlers.handle("callback", ({ request }) =>
    Effect.gen(function* () {
      const sessions = yield* Sessions
      const id = Redacted.make(request.cookies[sessionCookie.key] ?? "")
      const session = yield* sessions.find(id)
      return pageSaying(Option.isNone(session) ? { outcome: "refused" } : yield* comeBack(session.value, request.url))
    })
  )
)
