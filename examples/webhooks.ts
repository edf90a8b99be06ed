/** Receiving webhooks while one secret replaces another: both are accepted, then the old endpoint is deleted. */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import { WebhookEndpoints, Webhooks } from "@effect-tink/webhooks"
import { HttpRouter, HttpServer } from "@effect/platform"
import { NodeHttpClient, NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { createServer } from "node:http"
import { printable } from "./lib/printable.js"
import "./lib/quietOutput.js"

const main = Effect.gen(function* () {
  const users = yield* Users.Users
  const sandbox = yield* TinkSandbox.TinkSandbox
  const { address } = yield* HttpServer.HttpServer
  const url = `http://127.0.0.1:${address._tag === "TcpAddress" ? address.port : 0}/tink/webhooks`

  // Tink shows each secret once: keep it. An endpoint of the same events needs another URL.
  const old = yield* WebhookEndpoints.create({ url, enabledEvents: ["refresh:finished"] })
  const next = yield* WebhookEndpoints.create({ url: `${url}?secret=2`, enabledEvents: ["refresh:finished"] })

  const webhooks = Webhooks.httpApp({
    secrets: [next.secret, old.secret],
    // Both endpoints get every event until one is deleted, and it is handled once.
    rememberDeliveries: 1000,
    onEvent: (event) =>
      Effect.andThen(
        Console.log(printable(event._tag === "RefreshFinished" ? `${event.event}: ${event.status}` : event.event)),
        Webhooks.notifyUser(users.changed)(event)
      )
  })
  yield* HttpServer.serveEffect(HttpRouter.empty.pipe(HttpRouter.post("/tink/webhooks", webhooks)))

  const { userId } = yield* users.createUser({ market: "SE" })
  const { id } = yield* sandbox.connectBank(userId)
  const refresh = (what: string) =>
    Effect.gen(function* () {
      yield* sandbox.refreshInBackground(id)
      yield* sandbox.deliveriesSettled
      yield* Console.log(`${what}: ${(yield* sandbox.deliveries).length} deliveries so far`)
    })
  yield* refresh("both secrets")
  yield* WebhookEndpoints.delete(old.id)
  yield* refresh("the new secret alone")
})

const layerTink = Layer.unwrapEffect(Effect.map(TinkSandbox.TinkSandbox, TinkHttp.layer))

const layerMain = Users.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(UserCache.layer({ capacity: 10_000 }), layerTink)),
  Layer.provideMerge(TinkSandbox.layerServer({ authenticatingTime: 0, updatingTime: 0 })),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0 })),
  Layer.provide(NodeHttpClient.layerUndici)
)

main.pipe(Effect.scoped, Effect.provide(layerMain), NodeRuntime.runMain)
