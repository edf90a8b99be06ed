/** Receives Tink's webhooks, so that pages show at once what a bank or Tink has changed. */
import { WebhookEndpoints, type WebhookEvent, Webhooks } from "@effect-tink/webhooks"
import { Users } from "@effect-tink/users"
import { HttpApiBuilder } from "@effect/platform"
import { Config, Effect, Layer, Option, type Redacted } from "effect"
import * as Changes from "./changes.js"
import type { Customers } from "./customers.js"
import { log } from "./errors.js"
import { webhookPath } from "./security.js"
import { Settings } from "./settings.js"
import { publishTinkUser } from "./tinkUser.js"

const onEvent = (event: WebhookEvent.WebhookEvent) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    yield* Webhooks.notifyUser(users.changed)(event)
    // Afterwards, so that the pages read nothing older.
    if (event.userId === undefined) return
    yield* publishTinkUser(
      event.userId,
      event._tag === "RefreshFinished" ? Changes.finished(event.credentialsId) : Changes.list
    )
  })

/** Registers the endpoint. Tink shows a secret once, so an endpoint from an earlier start is created again. */
const register = (url: string) =>
  Effect.gen(function* () {
    const input = { url, enabledEvents: ["refresh:finished"] } as const
    const { endpoint, secret } = yield* WebhookEndpoints.ensure(input)
    if (Option.isSome(secret)) return secret.value
    yield* WebhookEndpoints.delete(endpoint.id)
    return (yield* WebhookEndpoints.create(input)).secret
  })

/** TINK_WEBHOOK_SECRET or, on a sandbox, the secret of an endpoint that is registered now. None without webhooks. */
export const findSecret = ({ isSandbox, origin }: { readonly isSandbox: boolean; readonly origin: string }) =>
  Effect.gen(function* () {
    const configured = yield* Config.option(Config.redacted("TINK_WEBHOOK_SECRET"))
    if (Option.isSome(configured) || !isSandbox) return configured
    return yield* register(`${origin}${webhookPath}`).pipe(Effect.tapError(log), Effect.option)
  })

const route = (secret: Redacted.Redacted) =>
  HttpApiBuilder.Router.use((router) =>
    Effect.gen(function* () {
      const context = yield* Effect.context<Users.Users | Customers | Changes.Changes>()
      const webhooks = Webhooks.httpApp({
        secrets: [secret],
        rememberDeliveries: 10_000,
        onEvent: (event) => Effect.provide(onEvent(event), context)
      })
      yield* router.post(webhookPath, webhooks)
    })
  )

export const layer = Layer.unwrapEffect(
  Effect.map(Settings, ({ webhookSecret }) => Option.match(webhookSecret, { onNone: () => Layer.empty, onSome: route }))
)
