/** An endpoint that the library does not have, sent with the session, the cache and the errors of all others. */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Endpoint, Users } from "@effect-tink/users"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schema } from "effect"
import { printable } from "./lib/printable.js"

const Account = Schema.Struct({ id: Schema.String, name: Schema.String, type: Schema.String })

const listAccounts = Endpoint.read({
  name: "listAccounts",
  scope: "accounts:read",
  route: "/data/v2/accounts",
  response: Schema.parseJson(Schema.Struct({ accounts: Schema.Array(Account) })),
  cache: { timeToLive: "10 seconds" }
})

const program = Effect.gen(function* () {
  const users = yield* Users.Users
  const sandbox = yield* TinkSandbox.TinkSandbox
  const { userId } = yield* users.createUser({ market: "SE" })
  yield* sandbox.connectBank(userId)
  const session = yield* users.authorize({ userId, scopes: ["accounts:read"] })
  const { accounts } = yield* users.request(session, listAccounts)
  yield* Effect.forEach(accounts, ({ id, name, type }) => Console.log(printable(`${id}  ${type}  ${name}`)))
})

const layerTink = Layer.unwrapEffect(Effect.map(TinkSandbox.TinkSandbox, TinkHttp.layer))

const layerUsers = Users.layer.pipe(
  Layer.provide([UserCache.layer({ capacity: 100 }), layerTink]),
  Layer.provideMerge(TinkSandbox.layerHttpClient())
)

program.pipe(Effect.provide(layerUsers), NodeRuntime.runMain)
