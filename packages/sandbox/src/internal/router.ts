import * as Effect from "effect/Effect"
import * as errors from "./errors.js"
import {
  type ApiError,
  fromApiError,
  type Handler,
  type Incoming,
  json,
  type Reply,
  type RoutedRequest,
  type Route
} from "./wire.js"

const decodeSegment = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const isParameter = (segment: string) => segment.startsWith("{") && segment.endsWith("}")

/** The values of a template's `{…}` in a path, or `undefined` when the path is not of that form. */
export const matchPath = (template: string, path: string): Readonly<Record<string, string>> | undefined => {
  const expected = template.split("/")
  const actual = path.split("/")
  if (expected.length !== actual.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, segment] of expected.entries()) {
    const text = actual[index] ?? ""
    if (isParameter(segment) && text !== "") params[segment.slice(1, -1)] = decodeSegment(text)
    else if (segment !== text) return undefined
  }
  return params
}

/** What stands at a path: a route to run, or the reason why there is none. */
export interface Destination {
  /** The path of the route, with its `{…}`; `undefined` when nothing stands at the path. */
  readonly template: string | undefined
  readonly handle: Effect.Effect<Reply, ApiError>
}

/** Of several routes that match, the first counts. */
export const find = (
  routes: ReadonlyArray<Route>,
  incoming: Incoming,
  note: RoutedRequest["note"] = () => {}
): Destination => {
  const here = routes.flatMap((route) => {
    const params = matchPath(route.path, incoming.path)
    return params === undefined ? [] : [{ route, params }]
  })
  const match = here.find(({ route }) => route.method === incoming.method)
  if (match !== undefined) {
    const { params, route } = match
    return { template: route.path, handle: Effect.suspend(() => route.handler({ ...incoming, params, note })) }
  }
  const first = here[0]
  if (first === undefined) return { template: undefined, handle: Effect.fail(errors.unknownRoute) }
  const allowed = here.filter(({ route }) => route.path === first.route.path).map(({ route }) => route.method)
  return { template: first.route.path, handle: Effect.fail(errors.wrongMethod(allowed)) }
}

// Nothing is known to get here. If something does, the request says so and the server goes on.
const crashed = json(500, { errorMessage: "The sandbox has a bug", errorCode: "sandbox.bug" })

/** Runs a handler to a reply, whatever happens in it. */
export const run = (handle: ReturnType<Handler>): Effect.Effect<Reply> =>
  handle.pipe(
    Effect.catchTag("ApiError", (error) => Effect.succeed(fromApiError(error))),
    Effect.catchAllDefect(() => Effect.succeed(crashed))
  )
