import type * as HttpApp from "@effect/platform/HttpApp"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as apiErrors from "./apiErrors.js"
import { CurrentIncoming, type Incoming } from "./incoming.js"
import * as PathTemplate from "./pathTemplate.js"
import { json } from "./responses.js"

/** A request with the values of the `{…}` in its route's path. */
export interface RoutedRequest extends Incoming {
  readonly params: Readonly<Record<string, string | undefined>>
}

export type Handler = (
  request: RoutedRequest
) => Effect.Effect<HttpServerResponse.HttpServerResponse, apiErrors.ApiError>

export interface Route {
  readonly method: HttpMethod
  /** A path template, as `/api/v1/credentials/{id}`. */
  readonly path: string
  readonly handler: Handler
}

/**
 * What is done around each answer. It gets the path template of the request, `undefined` at an unknown path, and the answer,
 * which an error of the API has become part of.
 */
export type Around<E> = (
  template: string | undefined,
  answer: Effect.Effect<HttpServerResponse.HttpServerResponse>
) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, CurrentIncoming>

// A defect must not end the server, so the request reports it.
const crashed = json(500, { errorMessage: "The sandbox has a bug", errorCode: "sandbox.bug" })

const toAnswer = (result: ReturnType<Handler>): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  result.pipe(
    Effect.catchTag("ApiError", (error) => Effect.succeed(apiErrors.toResponse(error))),
    Effect.catchAllDefect(() => Effect.succeed(crashed))
  )

const toPlatformRoute = <E>({ handler, method, path }: Route, around: Around<E>) =>
  HttpRouter.makeRoute(
    method,
    PathTemplate.toRouterPath(path),
    Effect.gen(function* () {
      const incoming = yield* CurrentIncoming
      const params = yield* HttpRouter.params
      // The platform's router also takes HEAD for GET, an empty parameter, an escaped literal and a query that begins with `;`.
      if (incoming.method !== method || !PathTemplate.matches(path, incoming.path)) {
        return yield* new HttpServerError.RouteNotFound({ request: yield* HttpServerRequest.HttpServerRequest })
      }
      return yield* around(path, toAnswer(Effect.suspend(() => handler({ ...incoming, params }))))
    })
  )

const refusal = (routes: ReadonlyArray<Route>, { method, path }: Incoming) => {
  const here = routes.filter((route) => PathTemplate.matches(route.path, path))
  const template = here[0]?.path
  // The router leaves out the right method only if it cannot decode the path.
  const isUnknown = template === undefined || here.some((route) => route.method === method)
  const allowed = here.filter((route) => route.path === template).map((route) => route.method)
  return { template, error: isUnknown ? apiErrors.unknownRoute : apiErrors.wrongMethod(allowed) }
}

// Paths are matched exactly, and ids may be long.
const config: Parameters<typeof HttpRouter.setRouterConfig>[0] = {
  ignoreTrailingSlash: false,
  ignoreDuplicateSlashes: false,
  caseSensitive: true,
  maxParamLength: Number.MAX_SAFE_INTEGER
}

/** Answers by the routes, and all other requests with 404 or 405. */
export const make = <E>(
  routes: ReadonlyArray<Route>,
  around: Around<E>
): Effect.Effect<HttpApp.Default<E, CurrentIncoming>> =>
  HttpRouter.fromIterable(routes.map((route) => toPlatformRoute(route, around))).pipe(
    HttpRouter.toHttpApp,
    HttpRouter.withRouterConfig(config),
    Effect.map(
      Effect.catchIf(
        (error) => error instanceof HttpServerError.RouteNotFound,
        () =>
          Effect.flatMap(CurrentIncoming, (incoming) => {
            const { error, template } = refusal(routes, incoming)
            return around(template, toAnswer(Effect.fail(error)))
          })
      )
    )
  )
