/**
 * The test controls of webhooks over HTTP.
 */
import * as Effect from "effect/Effect"
import * as apiErrors from "../http/apiErrors.js"
import * as requestBody from "../http/requestBody.js"
import { json, noContent } from "../http/responses.js"
import type { Handler, Route } from "../http/router.js"
import { WebhookFaultSchema } from "../webhooks/faults.js"
import type { Webhooks } from "../webhooks/webhooks.js"

const readDeliveries =
  ({ deliveries }: Webhooks): Handler =>
  () =>
    Effect.sync(() => json(200, { deliveries: deliveries() }))

const resend = ({ resend }: Webhooks): Handler =>
  Effect.fnUntraced(function* (request) {
    if (!(yield* resend(request.params["id"] ?? ""))) return yield* apiErrors.unknownDelivery
    return noContent
  })

const decodeFault = requestBody.control(WebhookFaultSchema)

const injectFault = ({ faults }: Webhooks): Handler =>
  Effect.fnUntraced(function* (request) {
    faults.add(yield* decodeFault(request))
    return noContent
  })

export const routes = (webhooks: Webhooks): ReadonlyArray<Route> => [
  { method: "GET", path: "/sandbox/webhooks/deliveries", handler: readDeliveries(webhooks) },
  { method: "POST", path: "/sandbox/webhooks/deliveries/{id}/resend", handler: resend(webhooks) },
  { method: "POST", path: "/sandbox/webhooks/faults", handler: injectFault(webhooks) }
]
