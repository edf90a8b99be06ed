/** One-time access: a link session tells Tink Link the user's name, and its code makes a session of `Users`. The sandbox plays the user. */
import { TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { TinkLink, Users } from "@effect-tink/users"
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { printable } from "./lib/printable.js"
import "./lib/quietOutput.js"

/** What the user does in their browser. Returns where Tink Link sends them back to. */
const visitTinkLink = (link: Redacted.Redacted) =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const url = Redacted.value(link)
    const page = yield* Effect.flatMap(http.get(url), ({ text }) => text)
    const name = /continue as <strong>([^<]+)/.exec(page)?.[1] ?? "a stranger"
    yield* Console.log(printable(`Tink Link greets ${name}`))
    const session = /name="session" value="([^"]+)"/.exec(page)?.[1] ?? ""
    const form = { session, choice: "approve", provider: "se-demobank-open-banking-redirect" }
    const approval = HttpClientRequest.post(new URL(url).origin + new URL(url).pathname)
    const { headers } = yield* http.execute(HttpClientRequest.bodyUrlParams(approval, form))
    return headers["location"] ?? ""
  })

const program = Effect.gen(function* () {
  const users = yield* Users.Users
  const { baseUrl, clientId } = yield* TinkSandbox.TinkSandbox
  const { sessionId } = yield* users.createLinkSession({ user: { firstName: "Maj", lastName: "Gren" } })
  const state = "kept-with-the-browser's-session"
  const redirectUri = "http://localhost:3000/callback"
  const link = yield* TinkLink.connectAccounts({ baseUrl, clientId, redirectUri, market: "SE", state, sessionId })
  const redirect = yield* TinkLink.parseRedirect(yield* visitTinkLink(link), { state })
  if (redirect._tag !== "ConnectedOnce") return yield* Console.log(`The visit ended with ${redirect._tag}`)
  const session = yield* users.authorizeWithCode({ code: redirect.code, scopes: ["credentials:read"] })
  const credential = yield* users.getCredential(session, redirect.credentialsId)
  yield* Console.log(printable(`Connected once: ${credential.providerName} is ${credential.status}`))
})

const layerTink = Layer.unwrapEffect(Effect.map(TinkSandbox.TinkSandbox, TinkHttp.layer))

const layerUsers = Users.layer.pipe(
  Layer.provide([UserCache.layer({ capacity: 100 }), layerTink]),
  Layer.provideMerge(TinkSandbox.layerHttpClient())
)

program.pipe(Effect.provide(layerUsers), NodeRuntime.runMain)
