/**
 * Receiving webhooks in a handler of a Web `Request`: what Bun, Deno, workers and most web frameworks take. On Cloudflare, for
 * example, `export default { fetch: handler }`.
 */
import { Webhooks } from "@effect-tink/webhooks"
import { HttpApp } from "@effect/platform"
import { Console, Redacted } from "effect"

export const makeHandler = (secret: string): ((request: Request) => Promise<Response>) =>
  HttpApp.toWebHandler(
    Webhooks.httpApp({
      secrets: [Redacted.make(secret)],
      onEvent: (event) =>
        Console.log(event._tag === "RefreshFinished" ? `${event.credentialsId}: ${event.status}` : event.event)
    })
  )
