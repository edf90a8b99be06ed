/** The application, as a layer over a server, `Users` and settings. */
import { HttpApiBuilder, HttpApiSwagger } from "@effect/platform"
import { Layer } from "effect"
import { Api } from "./api.js"
import * as Connections from "./connections.js"
import * as Page from "./page.js"
import * as Redirects from "./redirects.js"
import * as SandboxControls from "./sandboxControls.js"
import { layerAuthenticated, layerSameOrigin, withSecurityHeaders } from "./security.js"
import * as Sessions from "./sessions.js"
import * as Shutdown from "./shutdown.js"

const layerApi = HttpApiBuilder.api(Api).pipe(
  Layer.provide([Connections.layer, SandboxControls.layer, Redirects.layer]),
  Layer.provide([layerAuthenticated, layerSameOrigin])
)

export const layer = HttpApiBuilder.serve(withSecurityHeaders).pipe(
  Layer.provide([HttpApiSwagger.layer({ path: "/docs" }), Page.layer]),
  Layer.provide(layerApi),
  Layer.provide([Sessions.layer(), Shutdown.layer])
)
