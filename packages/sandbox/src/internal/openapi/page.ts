/** The page on which the API can be tried: the Swagger UI of the platform, which needs no network. */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Effect from "effect/Effect"
import { type Document, forPage } from "./document.js"

const path = "/docs"

// The platform describes its own APIs. This one is replaced by the document as a whole.
const toApi = (document: Document) => HttpApi.make("Tink").annotate(OpenApi.Transform, () => ({ ...forPage(document) }))

/** The page of a description. */
export const make = (document: Document): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    // The file has two megabytes, so it is loaded only when the page is opened.
    const swagger = yield* Effect.promise(() => import("@effect/platform/HttpApiSwagger"))
    const app = yield* HttpLayerRouter.toHttpEffect(swagger.layerHttpLayerRouter({ api: toApi(document), path }))
    const request = HttpServerRequest.fromWeb(new Request(`http://localhost${path}`))
    return yield* Effect.provideService(app, HttpServerRequest.HttpServerRequest, request)
  }).pipe(Effect.scoped, Effect.orDie)
