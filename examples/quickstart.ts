/**
 * The life of a Tink user, over real HTTP: on a sandbox that this program starts itself or, if TINK_CLIENT_ID and
 * TINK_CLIENT_SECRET are set, on Tink.
 */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { type Credential, Users } from "@effect-tink/users"
import { NodeHttpClient } from "@effect/platform-node"
import { Chunk, Config, ConfigError, Console, Effect, Layer, Option, Random, Stream } from "effect"
import { runProgram } from "./lib/runProgram.js"
import { layerCountingClient, printFailure, printHeader, step } from "./lib/stepTable.js"

const formatNothing = () => ""
const formatCredentials = (credentials: ReadonlyArray<Credential.Credential>) =>
  [`${credentials.length} found`, ...credentials.map(({ status }) => status)].join(", ")

type ConnectBank = (userId: string) => Effect.Effect<string>

/** Deletes the user after a failure and after Ctrl-C. */
const cleanUp = (externalUserId: string) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    yield* Effect.matchEffect(users.deleteUser({ externalUserId }), {
      onFailure: ({ message }) => printFailure(`${externalUserId} is left at Tink: ${message}`),
      onSuccess: () => Console.error(`\n  ${externalUserId} is deleted\n`)
    })
  })

const runSteps = (externalUserId: string, connectBank: ConnectBank) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    yield* printHeader
    const creation = users.createUser({ externalUserId, market: "SE", locale: "sv_SE" })
    const { userId } = yield* step("create a user", creation, () => externalUserId)
    yield* step("connect a bank", connectBank(userId), (result) => result)
    const scopes = ["credentials:read", "credentials:refresh", "credentials:write"] as const
    const session = yield* step(
      "authorize",
      users.authorize({ userId, scopes }),
      (session) => `${session.scopes.length} scopes`
    )
    const [credential] = yield* step("list the credentials", users.listCredentials(session), formatCredentials)
    yield* step("list them again", users.listCredentials(session), formatCredentials)
    if (credential !== undefined) {
      yield* step("refresh the credential", users.refreshCredential(session, credential.id), formatNothing)
      yield* step("list the credentials", users.listCredentials(session), formatCredentials)
      const following = Stream.runCollect(users.followCredential(session, credential.id))
      yield* step("follow it", following, (credentials) =>
        Chunk.map(credentials, ({ status }) => status).pipe(Chunk.join(" → "))
      )
      yield* step("delete the credential", users.deleteCredential(session, credential.id), formatNothing)
      yield* step("list the credentials", users.listCredentials(session), formatCredentials)
    }
    yield* step("delete the user", users.deleteUser({ userId }), formatNothing)
  }).pipe(Effect.onError(() => cleanUp(externalUserId)))

const run = (connectBank: ConnectBank) =>
  Effect.flatMap(Random.nextIntBetween(100_000, 1_000_000), (n) => runSteps(`user-${n}`, connectBank)).pipe(
    Effect.provide(Layer.provideMerge(Users.layer, UserCache.layer({ capacity: 10_000 })))
  )

const onSandbox = Effect.gen(function* () {
  const sandbox = yield* TinkSandbox.TinkSandbox
  yield* Console.log(`\n  The life of a Tink user, on a sandbox at ${sandbox.baseUrl}\n`)
  const connectBank = (userId: string) =>
    sandbox.connectBank(userId).pipe(
      Effect.map(({ providerName }) => providerName),
      Effect.orDie
    )
  yield* run(connectBank).pipe(Effect.provide(TinkHttp.layer(sandbox)))
}).pipe(Effect.provide(TinkSandbox.layerServer({ authenticatingTime: "1 second", updatingTime: "1 second" })))

const onTink = Effect.gen(function* () {
  yield* Console.log("\n  The life of a Tink user, on Tink\n")
  yield* run(() => Effect.succeed("skipped, as it needs a person in Tink Link"))
}).pipe(Effect.provide(TinkHttp.layerConfig()))

// If only one of the two is set, layerConfig fails and names the other.
const isSet = (name: string) => Config.map(Config.option(Config.redacted(name)), Option.isSome)
const wantsTink = Config.zipWith(isSet("TINK_CLIENT_ID"), isSet("TINK_CLIENT_SECRET"), (id, secret) => id || secret)

Effect.if(wantsTink, { onTrue: () => onTink, onFalse: () => onSandbox }).pipe(
  Effect.provide(Layer.provideMerge(layerCountingClient, NodeHttpClient.layerUndici)),
  Effect.tapError((error) => printFailure(ConfigError.isConfigError(error) ? String(error) : error.message)),
  runProgram
)
