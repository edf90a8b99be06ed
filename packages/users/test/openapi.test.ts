import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, it } from "@effect/vitest"
import { Ids, TinkHttp } from "@effect-tink/http"
import { TinkSandbox } from "@effect-tink/sandbox"
import { UserCache } from "@effect-tink/user-cache"
import { Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { bodyOf } from "../../../test/support/scriptedTink.js"
import { answerDifference, findOperation, operationIds, requestDifferences } from "./description.js"

/**
 * The client and the sandbox are two writings of one page (`tink-api.md`). Here they meet: each answer of the sandbox must be
 * one that the client's description has, and each request of the client, too.
 */

it.effect("every request of the client and every answer of the sandbox is one that the OpenAPI description has", () => {
  const answered = new Set<string>()
  const differences: Array<string> = []

  const layerChecked = Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.make((request, url) =>
        Effect.gen(function* () {
          const response = yield* client.execute(request)
          const text = yield* response.text
          const operation = findOperation(request.method, url.pathname)
          if (operation === undefined) differences.push(`${request.method} ${url.pathname} is not described`)
          else {
            if (response.status < 300) answered.add(operation.operationId)
            const found = answerDifference(operation, response.status, text)
            if (found !== undefined) differences.push(found)
            const { contentType: type } = request.body
            differences.push(...requestDifferences(operation, { query: url.searchParams, type, body: bodyOf(request) }))
          }
          const init = { status: response.status, headers: { ...response.headers } }
          return HttpClientResponse.fromWeb(request, new Response(response.status === 204 ? null : text, init))
        })
      )
    )
  )

  const layerTink = Layer.unwrapEffect(
    Effect.map(TinkSandbox.TinkSandbox, (sandbox) => TinkHttp.layer({ ...sandbox, maxRetries: 0 }))
  )

  return Effect.gen(function* () {
    const users = yield* Users.Users
    const sandbox = yield* TinkSandbox.TinkSandbox
    const { userId } = yield* users.createUser({ market: "GB", locale: "en_GB", externalUserId: "user-0001" })
    const session = yield* users.authorize({
      userId,
      scopes: [
        "user:read",
        "user:write",
        "credentials:read",
        "credentials:write",
        "credentials:refresh",
        "provider-consents:read",
        "provider-consents:write",
        "providers:read"
      ]
    })
    yield* users.getUser(session)
    yield* users.updateUser(session, { username: "Ada" })
    const profile = yield* users.getProfile(session)
    yield* users.updateProfile(session, profile)
    yield* users.delegateAuthorization({ userId, idHint: "Ada" })
    yield* users.createLinkSession({ user: { firstName: "Ada" } })
    yield* users.listProviders("GB", { includeTestProviders: true })
    yield* users.listMarkets()
    yield* users.listProviderIdentifiers({ market: "SE" })
    yield* users.listUserProviders(session, { includeTestProviders: true })
    yield* users.listAuthenticationOptions(session, "SE")
    yield* users.getAuthenticationOptions(session, "se-demobank-password")

    const connected = Ids.CredentialsId.make(
      (yield* sandbox.connectBank(userId, { providerName: "uk-demobank-open-banking-redirect-extendable" })).id
    )
    yield* users.listCredentials(session)
    yield* users.getCredential(session, connected)
    yield* users.listProviderConsents(session)
    yield* users.extendProviderConsent(session, connected)
    const created = yield* users.createCredential(session, {
      providerName: "se-demobank-password",
      fields: { username: "u", password: "p" }
    })
    yield* TestClock.adjust("1 minute")
    yield* users.updateCredential(session, created.id, { fields: { username: "u", password: "q" } })
    yield* TestClock.adjust("1 minute")
    yield* users.refreshCredential(session, created.id)
    yield* TestClock.adjust("1 minute")
    yield* users.authenticateCredential(session, created.id)
    yield* TestClock.adjust("1 minute")
    yield* users.deleteCredential(session, created.id)
    yield* users.revokeAll({ userId })
    yield* users.deleteUser({ userId })

    assert.deepStrictEqual(differences, [])
    const unanswered = operationIds.filter((id) => !answered.has(id))
    // These answer only while the sandbox waits for the user.
    const whileWaiting = ["getCredentialQr", "relayThirdPartyCallback", "submitSupplementalInformation"]
    assert.deepStrictEqual(unanswered, whileWaiting, "each operation needs a call in this test")
  }).pipe(
    Effect.provide(
      Users.layer.pipe(
        Layer.provide([UserCache.layer({ capacity: 100 }), layerTink]),
        Layer.provide(layerChecked),
        Layer.provideMerge(TinkSandbox.layerHttpClient())
      )
    )
  )
})
