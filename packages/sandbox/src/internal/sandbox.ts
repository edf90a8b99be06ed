import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { ReceivedRequest, RequestedRefresh } from "../TinkSandbox.js"
import * as changes from "./changes.js"
import * as consents from "./consents.js"
import * as control from "./control.js"
import * as credentials from "./credentials.js"
import * as customer from "./customer.js"
import * as Faults from "./faults.js"
import * as ids from "./ids.js"
import * as link from "./link/link.js"
import * as oauth from "./oauth.js"
import * as operations from "./operations.js"
import * as RequestLog from "./requestLog.js"
import * as router from "./router.js"
import type { Settings } from "./settings.js"
import * as State from "./state.js"
import * as users from "./users.js"
import { finish, type Incoming, type Outcome, type Reply } from "./wire.js"

/** One sandbox: what it remembers, and how it answers. It knows nothing of what carries its requests. */
export interface Sandbox {
  readonly settings: Settings
  /** Where ids and tokens come from. */
  readonly random: Random.Random
  readonly state: State.State
  readonly faults: Faults.Faults
  readonly log: RequestLog.RequestLog
  readonly reset: Effect.Effect<void>
  readonly handle: (incoming: Incoming) => Effect.Effect<Outcome>
}

const mapReply = (outcome: Outcome, f: (reply: Reply) => Reply): Outcome =>
  outcome._tag === "Dropped" ? outcome : { ...outcome, reply: f(outcome.reply) }

type OnRequest = (request: ReceivedRequest) => Effect.Effect<void>

const makeWith = (settings: Settings, onRequest: OnRequest, random: Random.Random): Sandbox => {
  const state = State.make()
  const faults = Faults.make()
  const log = RequestLog.make()

  const reset = Effect.sync(() => {
    State.clear(state)
    faults.clear()
    log.clear()
  })

  const tinkRoutes = [
    ...oauth.routes(state, settings),
    ...users.routes(state),
    ...credentials.routes(state),
    ...changes.routes(state, settings),
    ...operations.routes(state, settings),
    ...customer.routes(state, settings),
    ...consents.routes(state, settings),
    ...link.routes(state, settings)
  ]
  const controlRoutes = control.routes({ settings, random, state, faults, log, reset })

  // Neither logged nor subject to faults: these calls are the test's own, not the client's.
  const handleControl = (incoming: Incoming): Effect.Effect<Outcome> =>
    Effect.map(router.run(router.find(controlRoutes, incoming).handle), (reply) => ({ _tag: "Whole", reply }))

  const handleTink = Effect.fnUntraced(function* (incoming: Incoming, requestId: string) {
    let refresh: RequestedRefresh | undefined
    const destination = router.find(tinkRoutes, incoming, (asked) => {
      refresh = asked
    })
    const now = yield* Clock.currentTimeMillis
    const fault = faults.take(incoming, destination.template)
    const complete = log.begin({ incoming, requestId, now, fault })
    const process = router.run(destination.handle)
    const outcome =
      fault === undefined
        ? ({ _tag: "Whole", reply: yield* process } satisfies Outcome)
        : yield* Faults.apply(fault, process)
    const status = outcome._tag === "Dropped" ? null : outcome.reply.status
    yield* onRequest(complete(status, yield* Clock.currentTimeMillis, refresh))
    return outcome
  })

  const handle = Effect.fnUntraced(function* (incoming: Incoming) {
    const requestId = yield* ids.id
    State.sweep(state, yield* Clock.currentTimeMillis)
    const isControl = incoming.path === "/sandbox" || incoming.path.startsWith("/sandbox/")
    const outcome = yield* isControl ? handleControl(incoming) : handleTink(incoming, requestId)
    return mapReply(outcome, (reply) => finish(reply, incoming, requestId))
  }, Effect.withRandom(random))

  return { settings, random, state, faults, log, reset, handle }
}

/**
 * A sandbox whose chance is its own, from a seed that is drawn now: what its clients draw meanwhile changes nothing, and a
 * `Random` that always says the same still gives ids that differ.
 */
export const make = (settings: Settings, onRequest: OnRequest): Effect.Effect<Sandbox> =>
  Effect.map(Random.nextInt, (seed) => makeWith(settings, onRequest, Random.make(seed)))
