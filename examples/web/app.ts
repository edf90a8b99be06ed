/** The application, as a layer over a server, a database, `Users` and settings. */
import { HttpApiBuilder, HttpApiSwagger } from "@effect/platform"
import { Effect, Layer } from "effect"
import { Api } from "./api.js"
import * as Banks from "./banks.js"
import * as Changes from "./changes.js"
import * as ChangesElsewhere from "./changesElsewhere.js"
import * as Connections from "./connections.js"
import * as Customers from "./customers.js"
import * as EventStreams from "./eventStreams.js"
import * as Page from "./page.js"
import * as Redirects from "./redirects.js"
import * as Registrations from "./registrations.js"
import * as Retention from "./retention.js"
import * as SandboxControls from "./sandboxControls.js"
import { layerAuthenticated, layerRecognized, layerSameOrigin, withSecurityHeaders } from "./security.js"
import * as Sessions from "./sessions.js"
import { Settings } from "./settings.js"
import * as Shutdown from "./shutdown.js"
import * as Visits from "./visits.js"
import * as Webhooks from "./webhooks.js"

const layerApi = HttpApiBuilder.api(Api).pipe(
  Layer.provide([Connections.layer, SandboxControls.layer, Redirects.layer]),
  Layer.provide([layerAuthenticated, layerRecognized, layerSameOrigin])
)

const layerServe = Layer.unwrapEffect(
  Effect.map(Settings, (settings) => HttpApiBuilder.serve(withSecurityHeaders(settings)))
)

export const layer = layerServe.pipe(
  Layer.provide([
    HttpApiSwagger.layer({ path: "/docs" }),
    Page.layer,
    Webhooks.layer,
    ChangesElsewhere.layer,
    Retention.layer
  ]),
  Layer.provide(layerApi),
  Layer.provide([Sessions.layer, Visits.layer, Registrations.layer]),
  Layer.provide([Banks.layer, Customers.layer, Changes.layer, EventStreams.layer, Shutdown.layer])
)
