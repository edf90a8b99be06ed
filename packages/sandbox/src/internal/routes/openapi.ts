/**
 * The OpenAPI description that the sandbox was given, and a page to try it: below `/sandbox/`, as Tink has neither.
 */
import * as Effect from "effect/Effect"
import { json } from "../http/responses.js"
import type { Route } from "../http/router.js"
import { forSandbox } from "../openapi/document.js"
import * as Page from "../openapi/page.js"
import type { Settings } from "../settings.js"

export const routes = ({ openapi }: Settings): ReadonlyArray<Route> => {
  if (openapi === undefined) return []
  const description = json(200, forSandbox(openapi))
  return [
    { method: "GET", path: "/sandbox/openapi.json", handler: () => Effect.succeed(description) },
    { method: "GET", path: "/sandbox/docs", handler: () => Page.make(openapi) }
  ]
}
