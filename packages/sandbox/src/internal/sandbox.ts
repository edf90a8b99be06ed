import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { bankPath } from "./credentials/supplementalInformation.js"
import * as Faults from "./faults/faults.js"
import * as apiErrors from "./http/apiErrors.js"
import { isForeign } from "./http/foreign.js"
import * as Incoming from "./http/incoming.js"
import { withTinkHeaders } from "./http/responses.js"
import * as Router from "./http/router.js"
import type { ReceivedRequest } from "./models.js"
import * as RequestLog from "./requestLog/requestLog.js"
import * as controls from "./routes/controls.js"
import { refreshAllInBackground } from "./routes/refreshes.js"
import { tinkRoutes } from "./routes/tinkRoutes.js"
import type { Settings } from "./settings.js"
import * as ids from "./state/ids.js"
import * as State from "./state/state.js"
import { isPage } from "./tinkLink/flows.js"
import * as Webhooks from "./webhooks/webhooks.js"

type Response = HttpServerResponse.HttpServerResponse

/** One sandbox: its state, and how it answers. It does not know what carries its requests. */
export interface Sandbox {
  readonly settings: Settings
  /** The source of ids and tokens. */
  readonly random: Random.Random
  readonly state: State.State
  readonly faults: Faults.Faults
  readonly log: RequestLog.RequestLog
  readonly webhooks: Webhooks.Webhooks
  readonly reset: Effect.Effect<void>
  /**
   * Answers a request, or fails with what a fault does to its connection. A request that was read to its end is also answered
   * to its end: it runs in a fiber of the sandbox, so it is applied even if its client is interrupted. That fiber keeps the
   * caller's clock (`TestClock` included) and nothing else: no span, no log annotation, no other setting.
   */
  readonly handle: <E>(
    request: HttpServerRequest.HttpServerRequest,
    body: Effect.Effect<Incoming.Incoming["body"], E>,
    connection: Incoming.Connection
  ) => Effect.Effect<Response, Faults.Damage | E>
}

const isControl = ({ path }: Incoming.Incoming): boolean => path === "/sandbox" || path.startsWith("/sandbox/")

// The API needs no protection: a token is not sent by a browser on its own.
const isProtected = (incoming: Incoming.Incoming): boolean =>
  isControl(incoming) || (incoming.method === "POST" && (isPage(incoming.path) || incoming.path === bankPath))

// These requests are refused before their path is read, and are not logged.
const refusal = (settings: Settings, incoming: Incoming.Incoming): Option.Option<apiErrors.ApiError> => {
  const { certificate } = incoming.connection
  if (certificate !== undefined && certificate !== settings.certificate) return Option.some(apiErrors.wrongCertificate)
  return isProtected(incoming) && isForeign(incoming, settings.host)
    ? Option.some(apiErrors.foreignRequest)
    : Option.none()
}

type OnRequest = (request: ReceivedRequest) => Effect.Effect<void>

/**
 * Makes a sandbox with a random generator of its own, from a seed that is drawn now. Draws of its clients do not change its
 * ids, and a constant `Random` still gives distinct ids.
 */
export const make = (settings: Settings, onRequest: OnRequest): Effect.Effect<Sandbox, never, Scope.Scope> =>
  Effect.gen(function* () {
    const random = Random.make(yield* Random.nextInt)
    const fork = yield* FiberSet.makeRuntime<never>()
    const state = State.make()
    const faults = Faults.make()
    const log = RequestLog.make()
    const webhooks = yield* Webhooks.make(state, settings, random)

    const reset = Effect.andThen(
      webhooks.clear,
      Effect.sync(() => {
        State.clear(state)
        faults.clear()
        log.clear()
      })
    )

    if (settings.backgroundRefreshInterval !== undefined) {
      const refreshAll = Effect.andThen(refreshAllInBackground(state, settings), webhooks.watch)
      yield* Effect.sleep(settings.backgroundRefreshInterval).pipe(
        Effect.andThen(refreshAll),
        Effect.forever,
        Effect.forkScoped
      )
    }

    const logged: Router.Around<Faults.Damage> = Effect.fnUntraced(function* (template, answer) {
      const incoming = yield* Incoming.CurrentIncoming
      const now = yield* Clock.currentTimeMillis
      const fault = faults.take(incoming, template)
      const completeEntry = log.begin({ incoming, now, fault })
      const complete = (status: number | null) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => onRequest(completeEntry(status, now)))
      return yield* (fault === undefined ? answer : Faults.apply(fault, answer)).pipe(
        Effect.tapBoth({
          onSuccess: ({ status }) => complete(status),
          onFailure: (damage) => complete(Faults.statusOf(damage))
        })
      )
    })

    const tink = yield* Router.make(tinkRoutes(state, settings), logged)
    // Test controls are not logged and meet no faults: they are the test's requests, not the client's.
    const testControls = yield* Router.make(
      controls.routes({ settings, state, faults, log, webhooks, reset }),
      (_, answer) => answer
    )

    const answer = (request: HttpServerRequest.HttpServerRequest, incoming: Incoming.Incoming) => {
      return Clock.currentTimeMillis.pipe(
        Effect.tap((now) => State.sweep(state, now)),
        Effect.andThen(
          Option.match(refusal(settings, incoming), {
            onSome: (error) => Effect.succeed(apiErrors.toResponse(error)),
            onNone: () => (isControl(incoming) ? testControls : tink)
          })
        ),
        Effect.ensuring(webhooks.watch),
        Effect.mapBoth({
          onSuccess: (response) => withTinkHeaders(response, incoming),
          onFailure: (damage) => Faults.mapResponse(damage, (response) => withTinkHeaders(response, incoming))
        }),
        Effect.provideService(Incoming.CurrentIncoming, incoming),
        Effect.provideService(HttpServerRequest.HttpServerRequest, request),
        Effect.withRandom(random)
      )
    }

    const nextId = Effect.withRandom(ids.id, random)

    const handle: Sandbox["handle"] = (request, body, connection) =>
      Effect.gen(function* () {
        const read = yield* body
        const incoming = Incoming.make(request, read, connection, yield* nextId)
        const clock = yield* Effect.clock
        // An exit: a fiber that fails by itself logs the damaged response, with its body.
        const fiber = fork(Effect.exit(Effect.withClock(answer(request, incoming), clock)))
        return yield* Effect.flatten(Effect.flatten(Fiber.await(fiber)))
      })

    return { settings, random, state, faults, log, webhooks, reset, handle }
  })
