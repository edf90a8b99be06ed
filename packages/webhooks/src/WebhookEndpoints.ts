/**
 * The endpoints to which Tink sends events (`tink-api.md` 9.1). Each function sends its requests with `TinkHttp` and a client access
 * token of the scope `webhook-endpoints`.
 *
 * @since 0.1.0
 */
import { idPattern, idRequirement, isBaseUrl, isId, isPrintableAscii, readOr } from "@effect-tink/http/InputRules"
import { invalidInput, TinkError } from "@effect-tink/http/TinkError"
import { TinkHttp } from "@effect-tink/http/TinkHttp"
import { NoContent, type RequestDescription, type TinkRequest } from "@effect-tink/http/TinkRequest"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { lenient, lenientList, optional } from "./internal/schema.js"
import type * as WebhookEvent from "./WebhookEvent.js"

// ---------------------------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The id of an endpoint.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WebhookEndpointId = Schema.String.pipe(
  Schema.pattern(idPattern, { message: () => idRequirement }),
  Schema.brand("@effect-tink/WebhookEndpointId")
)

/**
 * @since 0.1.0
 * @category models
 */
export type WebhookEndpointId = typeof WebhookEndpointId.Type

const endpoint = {
  id: WebhookEndpointId,
  url: Schema.String,
  enabledEvents: Schema.Array(Schema.String),
  /** Whether nothing is sent to it. */
  disabled: Schema.optionalWith(Schema.Boolean, { nullable: true, default: () => false }),
  ...lenient("WebhookEndpoint", {
    description: Schema.String,
    createdAt: Schema.DateTimeUtc,
    updatedAt: Schema.DateTimeUtc
  })
}

/**
 * An endpoint. It has no secret: Tink shows that once.
 *
 * @since 0.1.0
 * @category models
 */
export class WebhookEndpoint extends Schema.Class<WebhookEndpoint>("@effect-tink/webhooks/WebhookEndpoint")(endpoint) {}

/**
 * An endpoint that was created, with the secret that signs its deliveries. Tink does not show it again: keep it.
 *
 * @since 0.1.0
 * @category models
 */
export class CreatedWebhookEndpoint extends Schema.Class<CreatedWebhookEndpoint>(
  "@effect-tink/webhooks/CreatedWebhookEndpoint"
)({ ...endpoint, secret: Schema.Redacted(Schema.NonEmptyString) }) {}

/**
 * Where events are sent, and which.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateInput {
  /** An https URL; http is for a loopback address, and a sandbox, only. */
  readonly url: string
  /** The names of the events, such as `refresh:finished`. */
  readonly enabledEvents: Arr.NonEmptyReadonlyArray<WebhookEvent.Name>
  readonly description?: string | undefined
  /** Whether nothing is sent to it yet. */
  readonly disabled?: boolean | undefined
}

/**
 * The changes of an endpoint. What is not given stays as it is.
 *
 * @since 0.1.0
 * @category models
 */
export type UpdateInput = Partial<CreateInput>

/**
 * What `ensure` ends with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ensured {
  readonly endpoint: WebhookEndpoint
  /** The secret if the endpoint was created now, and none if there was one: Tink does not show a secret again. */
  readonly secret: Option.Option<Redacted.Redacted>
}

// ---------------------------------------------------------------------------------------------------------------------
// Requests
// ---------------------------------------------------------------------------------------------------------------------

const collection = "/events/v2/webhook-endpoints"
const member = "/events/v2/webhook-endpoints/{webhookEndpointId}"
const authorization: RequestDescription["authorization"] = { _tag: "Client", scopes: ["webhook-endpoints"] }

const EndpointJson = Schema.parseJson(WebhookEndpoint)
const CreatedJson = Schema.parseJson(CreatedWebhookEndpoint)
const PageJson = Schema.parseJson(
  Schema.Struct({
    webhookEndpoints: lenientList("WebhookEndpoint", WebhookEndpoint),
    nextPageToken: optional(Schema.String)
  })
)

const isEventName = (name: unknown): boolean => typeof name === "string" && name.trim() !== ""

const areEventNames = (names: unknown): boolean =>
  // Not `every`, which skips the holes of a list.
  Array.isArray(names) && names.length > 0 && Array.from(names).every(isEventName)

/** The rules of a base URL, with a query. */
const isEndpointUrl = (url: unknown): boolean =>
  isPrintableAscii(url) && !url.includes("#") && isBaseUrl(url.replace(/\?.*$/, ""))

/** The first rule that an input breaks. At run time it may be of any type. A whole one has a URL and events. */
const findProblem = (input: unknown, { isWhole }: { readonly isWhole: boolean }): string | undefined => {
  if (!Predicate.isRecord(input)) return "the input must be an object"
  const { description, disabled, enabledEvents, url } = input
  if ((isWhole || url !== undefined) && !isEndpointUrl(url)) {
    return "url must be like https://app.example/tink/webhooks: https (http on a loopback address only), with no user, password or fragment"
  }
  if ((isWhole || enabledEvents !== undefined) && !areEventNames(enabledEvents)) {
    return "enabledEvents must be names of events, such as refresh:finished, at least one"
  }
  if (description !== undefined && !Predicate.isString(description)) return "description must be a string"
  return disabled === undefined || Predicate.isBoolean(disabled) ? undefined : "disabled must be true or false"
}

const check = (
  operation: string,
  input: unknown,
  options: { readonly isWhole: boolean }
): Effect.Effect<void, TinkError> =>
  Effect.suspend(() => {
    const problem = readOr(() => findProblem(input, options), "the input could not be read")
    return problem === undefined ? Effect.void : invalidInput(operation, problem)
  })

const checkWhole = (operation: string, input: unknown) => check(operation, input, { isWhole: true })

const checkChanges = (operation: string, input: unknown) => check(operation, input, { isWhole: false })

const members = ({ description, disabled, enabledEvents, url }: UpdateInput) => ({
  url,
  enabledEvents,
  description,
  disabled
})

const requireId = (operation: string, id: WebhookEndpointId): Effect.Effect<void, TinkError> =>
  isId(id) ? Effect.void : invalidInput(operation, `webhookEndpointId must be ${idRequirement}`)

const send = <A>(request: TinkRequest<A>): Effect.Effect<A, TinkError, TinkHttp> =>
  Effect.flatMap(TinkHttp, (http) => http.request(request))

// ---------------------------------------------------------------------------------------------------------------------
// Operations
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Creates an endpoint. Up to 15 minutes may pass before the first event.
 *
 * Fails with `Conflict` when another endpoint has the same URL and one of the same events. It is not resent when it may have been
 * processed: an error with `isAmbiguous` means that the endpoint may exist, with a secret that was lost. Find it with `list` and
 * delete it. (`tink-api.md` 9.1)
 *
 * @since 0.1.0
 * @category operations
 */
export const create = (input: CreateInput): Effect.Effect<CreatedWebhookEndpoint, TinkError, TinkHttp> =>
  Effect.andThen(checkWhole("createWebhookEndpoint", input), () =>
    send({
      operation: "createWebhookEndpoint",
      method: "POST",
      route: collection,
      authorization,
      body: { _tag: "Json", value: members(input) },
      response: CreatedJson
    })
  )

const listPage = (pageToken: string | undefined) =>
  send({
    operation: "listWebhookEndpoints",
    method: "GET",
    route: collection,
    query: { pageSize: "100", pageToken },
    authorization,
    response: PageJson
  })

/** Each has up to 100 endpoints. Without a bound, answers that always name a next page would never end. */
const maxPages = 100

const tooManyPages = new TinkError({
  reason: "Decode",
  operation: "listWebhookEndpoints",
  detail: `there are more than ${maxPages} pages`,
  isRetryable: false,
  isAmbiguous: false
})

const listFrom = (
  pageToken: string | undefined,
  pages: number
): Effect.Effect<ReadonlyArray<WebhookEndpoint>, TinkError, TinkHttp> =>
  Effect.flatMap(listPage(pageToken), ({ nextPageToken = "", webhookEndpoints }) => {
    // Empty on the last page.
    if (nextPageToken === "") return Effect.succeed(webhookEndpoints)
    if (pages === maxPages) return Effect.fail(tooManyPages)
    return Effect.map(listFrom(nextPageToken, pages + 1), (rest) => [...webhookEndpoints, ...rest])
  })

/**
 * Lists the endpoints of the application, all pages of them. (`tink-api.md` 9.1)
 *
 * @since 0.1.0
 * @category operations
 */
export const list: Effect.Effect<ReadonlyArray<WebhookEndpoint>, TinkError, TinkHttp> = Effect.suspend(() =>
  listFrom(undefined, 1)
)

const isEmpty = (changes: UpdateInput): boolean => Object.values(members(changes)).every((value) => value === undefined)

const updateAs = (operation: string, id: WebhookEndpointId, changes: UpdateInput) =>
  Effect.gen(function* () {
    yield* requireId(operation, id)
    yield* checkChanges(operation, changes)
    if (isEmpty(changes)) {
      return yield* invalidInput(operation, "give at least one of url, enabledEvents, description and disabled")
    }
    return yield* send({
      operation,
      method: "PATCH",
      route: member,
      params: { webhookEndpointId: id },
      authorization,
      body: { _tag: "Json", value: { webhookEndpoint: members(changes) } },
      isIdempotent: true,
      response: EndpointJson
    })
  })

/**
 * Changes an endpoint. Given `enabledEvents` replace all that it had. Its secret cannot be changed.
 *
 * Fails with `Conflict` when another endpoint has the same URL and one of the same events. (`tink-api.md` 9.1)
 *
 * @since 0.1.0
 * @category operations
 */
export const update = (
  id: WebhookEndpointId,
  changes: UpdateInput
): Effect.Effect<WebhookEndpoint, TinkError, TinkHttp> => updateAs("updateWebhookEndpoint", id, changes)

const remove = (id: WebhookEndpointId): Effect.Effect<void, TinkError, TinkHttp> =>
  Effect.andThen(
    requireId("deleteWebhookEndpoint", id),
    send({
      operation: "deleteWebhookEndpoint",
      method: "DELETE",
      route: member,
      params: { webhookEndpointId: id },
      authorization,
      response: NoContent
    })
  )

export {
  /**
   * Deletes an endpoint. Deliveries that are on the way still arrive. (`tink-api.md` 9.1)
   *
   * @since 0.1.0
   * @category operations
   */
  remove as delete
}

const severalEndpoints = new TinkError({
  reason: "Conflict",
  operation: "ensureWebhookEndpoint",
  detail:
    "several endpoints have this URL and some of these events: call ensure for the events of each, or delete all but one",
  isRetryable: false,
  isAmbiguous: false
})

/** The endpoint for which Tink answers a creation with 409. Another one of the same URL is not ours to change. */
const findOverlapping = ({ enabledEvents, url }: CreateInput) =>
  Effect.flatMap(list, (endpoints) => {
    const [found, ...others] = endpoints.filter(
      (endpoint) => endpoint.url === url && Arr.intersection(endpoint.enabledEvents, enabledEvents).length > 0
    )
    return others.length === 0 ? Effect.succeed(found) : Effect.fail(severalEndpoints)
  })

/** What differs from the input. Events are only added, as other receivers may need the rest. */
const findChanges = (found: WebhookEndpoint, { description, disabled, enabledEvents }: CreateInput): UpdateInput => ({
  ...(Arr.difference(enabledEvents, found.enabledEvents).length > 0 && {
    enabledEvents: Arr.union(found.enabledEvents, enabledEvents)
  }),
  ...(description !== found.description && { description }),
  ...(disabled !== found.disabled && { disabled })
})

const adjust = (found: WebhookEndpoint, input: CreateInput) => {
  const changes = findChanges(found, input)
  return isEmpty(changes) ? Effect.succeed(found) : updateAs("ensureWebhookEndpoint", found.id, changes)
}

const withoutSecret = (endpoint: WebhookEndpoint): Ensured => ({ endpoint, secret: Option.none() })

/**
 * Makes sure that an endpoint sends these events to this URL: creates it, or adds what is missing to the endpoint that has the URL
 * and one of the events.
 *
 * An endpoint with the same URL and only other events is left alone: Tink allows both, and the receiver then needs both secrets.
 * Events of the endpoint that are not wanted here stay: `update` removes them. `description` and `disabled` are changed only if
 * they are given, so an endpoint that was disabled stays disabled, as `endpoint.disabled` says.
 *
 * The secret is there only when the endpoint was created now. If it is not kept anywhere, delete the endpoint and call `ensure`
 * again.
 *
 * Fails with `Conflict`, and changes nothing, when several endpoints have the URL and some of the events each: Tink does not let
 * one of them have the events of another. (`tink-api.md` 9.1)
 *
 * @since 0.1.0
 * @category operations
 */
export const ensure = (input: CreateInput): Effect.Effect<Ensured, TinkError, TinkHttp> => {
  const createNow = Effect.map(create(input), ({ secret, ...created }): Ensured => ({
    endpoint: new WebhookEndpoint(created),
    secret: Option.some(secret)
  }))
  return Effect.gen(function* () {
    yield* checkWhole("ensureWebhookEndpoint", input)
    const found = yield* findOverlapping(input)
    if (found !== undefined) return withoutSecret(yield* adjust(found, input))
    return yield* Effect.catchIf(
      createNow,
      ({ reason }) => reason === "Conflict",
      (conflict) =>
        // Another process was faster.
        Effect.flatMap(findOverlapping(input), (other) =>
          other === undefined ? Effect.fail(conflict) : Effect.map(adjust(other, input), withoutSecret)
        )
    )
  })
}
