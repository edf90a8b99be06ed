/** Refreshes a credential with each outcome, and prints its statuses live. */
import { Ids, TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Refresh, Users } from "@effect-tink/users"
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect, Layer, Option, Schedule } from "effect"
import { printable } from "./lib/printable.js"
import "./lib/quietOutput.js"

const formatOutcome = Refresh.$match({
  Updated: () => "up to date",
  NeedsUser: ({ tinkLinkUrl, why }) =>
    `needs the user (${why})${Option.isSome(tinkLinkUrl) ? ", and there is a link for them" : ""}`,
  Temporary: () => "the bank has a problem: try again later",
  Permanent: () => "this bank is no longer available",
  Refused: () => "Tink did nothing: the last refresh was a moment ago",
  StillRunning: () => "the bank is still working"
})

const main = Effect.gen(function* () {
  const users = yield* Users.Users
  const sandbox = yield* TinkSandbox.TinkSandbox
  const { userId } = yield* users.createUser({ market: "SE" })
  const id = Ids.CredentialsId.make((yield* sandbox.connectBank(userId)).id)
  const session = yield* users.authorize({ userId, scopes: ["credentials:read", "credentials:refresh"] })

  const refreshLive = Effect.gen(function* () {
    const startedAt = yield* Clock.currentTimeMillis
    const print = (text: string) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Console.log(`${((now - startedAt) / 1000).toFixed(1).padStart(7)} s  ${text}`)
      )
    const outcome = yield* users.refreshAndWait(session, id, {
      // Shorter than `Refresh.schedule`: the sandbox answers within milliseconds.
      schedule: Schedule.spaced("100 millis").pipe(Schedule.upTo("10 seconds")),
      patience: "2 seconds",
      tinkLink: { redirectUri: "https://app.example/callback", idHint: "Ada Lovelace" },
      onProgress: ({ status }) => print(printable(status))
    })
    yield* print(`→ ${formatOutcome(outcome)}`)
  })

  for (const next of ["UPDATED", "TEMPORARY_ERROR", "IGNORED", "AWAITING_THIRD_PARTY_APP_AUTHENTICATION"] as const) {
    yield* Console.log(`\n  a refresh that ends with ${next}`)
    yield* sandbox.setNextRefresh(id, next)
    yield* refreshLive
  }
})

const TinkLive = Layer.unwrapEffect(Effect.map(TinkSandbox.TinkSandbox, (sandbox) => TinkHttp.layer(sandbox)))

const MainLive = Users.layer.pipe(
  Layer.provide([UserCache.layer({ capacity: 10_000 }), TinkLive]),
  Layer.provideMerge(TinkSandbox.layerServer({ authenticatingTime: "400 millis", updatingTime: "600 millis" })),
  Layer.provide(NodeHttpClient.layerUndici)
)

NodeRuntime.runMain(Effect.provide(main, MainLive))
