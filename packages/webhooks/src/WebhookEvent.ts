/**
 * What Tink reports (`tink-api.md` 9.2).
 *
 * @since 0.1.0
 */
import { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { idPattern } from "@effect-tink/http/InputRules"
import { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Count, lenient, optional, Time } from "./internal/schema.js"

// ---------------------------------------------------------------------------------------------------------------------
// Parts
// ---------------------------------------------------------------------------------------------------------------------

/** The user an event is about. An event about no user, such as one about a payment, has neither id. */
const user = {
  userId: optional(UserId),
  /** The id that the application has given to the user. It may be personal. */
  externalUserId: optional(Schema.String)
}

const AccountId = Schema.String.pipe(Schema.pattern(idPattern))

/**
 * The statuses of credentials that Tink documents (`tink-api.md` 6.2). A refresh ends in `UPDATED`, `TEMPORARY_ERROR`,
 * `AUTHENTICATION_ERROR` or `SESSION_EXPIRED`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownStatus = Schema.Literal(
  "CREATED",
  "AUTHENTICATING",
  "AWAITING_MOBILE_BANKID_AUTHENTICATION",
  "AWAITING_SUPPLEMENTAL_INFORMATION",
  "AWAITING_THIRD_PARTY_APP_AUTHENTICATION",
  "UPDATING",
  "UPDATED",
  "AUTHENTICATION_ERROR",
  "TEMPORARY_ERROR",
  "PERMANENT_ERROR",
  "SESSION_EXPIRED",
  "DELETED"
)

/**
 * A documented status, or an unknown one as Tink sends it: the same type as the status of a credential.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Status = Schema.Union(KnownStatus, Schema.NonEmptyString.pipe(Schema.brand("@effect-tink/UnknownValue")))

/**
 * @since 0.1.0
 * @category models
 */
export type Status = typeof Status.Type

/** One page prints `STATUS_UPDATED` (`tink-api.md` 9.3). */
const PrefixedStatus = Schema.transform(Schema.String, Status, {
  strict: false,
  decode: (status) => status.replace(/^STATUS_/, ""),
  encode: (status) => status
})

/**
 * Why a refresh failed (`tink-api.md` 7.1).
 *
 * @since 0.1.0
 * @category schemas
 */
export const DetailedError = Schema.Struct({
  ...lenient("DetailedError", {
    /** For example `USER_LOGIN_ERROR`. */
    type: Schema.String,
    /** A text for the user, in their language. */
    displayMessage: Schema.String,
    details: Schema.Struct(
      lenient("DetailedError.details", {
        /** For example `STATIC_CREDENTIALS_INCORRECT`. */
        reason: Schema.String,
        retryable: Schema.Boolean
      })
    )
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Events
// ---------------------------------------------------------------------------------------------------------------------

/**
 * A refresh has ended, whether the application or Tink started it (`tink-api.md` 9.3).
 *
 * @since 0.1.0
 * @category schemas
 */
export const RefreshFinished = Schema.TaggedStruct("RefreshFinished", {
  event: Schema.Literal("refresh:finished"),
  ...user,
  credentialsId: CredentialsId,
  status: PrefixedStatus,
  ...lenient("RefreshFinished", {
    finished: Time,
    /** Who started it: `OPERATION_SOURCE_API`, `OPERATION_SOURCE_BACKGROUND` or `OPERATION_SOURCE_STREAMING`. */
    source: Schema.String,
    /** When the user has to renew their consent. */
    sessionExpiryDate: Time,
    detailedError: DetailedError
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type RefreshFinished = typeof RefreshFinished.Type

/**
 * Transactions of an account were added, changed or deleted: all of them, or the booked ones.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TransactionsModified = Schema.TaggedStruct("TransactionsModified", {
  event: Schema.Literal("account-transactions:modified", "account-booked-transactions:modified"),
  ...user,
  accountId: AccountId,
  ...lenient("TransactionsModified", {
    /** As `YYYY-MM-DD`. */
    earliestModifiedBookedDate: Schema.NonEmptyString,
    /** As `YYYY-MM-DD`. */
    latestModifiedBookedDate: Schema.NonEmptyString,
    inserted: Count,
    updated: Count,
    deleted: Count
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type TransactionsModified = typeof TransactionsModified.Type

/**
 * Transactions of an account were deleted.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TransactionsDeleted = Schema.TaggedStruct("TransactionsDeleted", {
  event: Schema.Literal("account-transactions:deleted"),
  ...user,
  accountId: AccountId,
  ...lenient("TransactionsDeleted", {
    transactionIds: Schema.Array(Schema.String)
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export type TransactionsDeleted = typeof TransactionsDeleted.Type

/**
 * An account was found, or has changed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AccountChanged = Schema.TaggedStruct("AccountChanged", {
  event: Schema.Literal("account:created", "account:updated"),
  ...user,
  accountId: AccountId
})

/**
 * @since 0.1.0
 * @category models
 */
export type AccountChanged = typeof AccountChanged.Type

/**
 * An event that this library does not know, or whose content is not modelled, such as `payment:updated`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OtherEvent {
  readonly _tag: "Other"
  /** The name as Tink sends it. */
  readonly event: string
  readonly userId?: UserId
  readonly externalUserId?: string
  /** All that Tink sent. It may hold personal data, and Tink's old samples even hold the secret of the endpoint. */
  readonly body: Redacted.Redacted<Readonly<Record<string, unknown>>>
}

/**
 * An event, told apart by `_tag`. `event` is the name that Tink sends.
 *
 * @example
 * ```ts
 * import type { WebhookEvent } from "@effect-tink/webhooks"
 *
 * export const describe = (event: WebhookEvent.WebhookEvent): string => {
 *   switch (event._tag) {
 *     case "RefreshFinished":
 *       return `the refresh of ${event.credentialsId} ended with ${event.status}`
 *     case "AccountChanged":
 *       return `the account ${event.accountId} has changed`
 *     default:
 *       return event.event
 *   }
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export type WebhookEvent = RefreshFinished | TransactionsModified | TransactionsDeleted | AccountChanged | OtherEvent

/**
 * The events that Tink documents, for `enabledEvents` (`tink-api.md` 9.2).
 *
 * @since 0.1.0
 * @category schemas
 */
export const KnownName = Schema.Literal(
  "refresh:finished",
  "account:created",
  "account:updated",
  "account-transactions:modified",
  "account-booked-transactions:modified",
  "account-transactions:deleted",
  "reports-generation:completed",
  "payment:updated",
  "mandate-payment:updated",
  "actionable-insights:created"
)

/**
 * The name of an event.
 *
 * @since 0.1.0
 * @category models
 */
export type Name = typeof KnownName.Type | (string & {})

// ---------------------------------------------------------------------------------------------------------------------
// Decoding
// ---------------------------------------------------------------------------------------------------------------------

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members => Predicate.isReadonlyRecord(value) && !Array.isArray(value)

const toMembers = (value: unknown): Members => (isMembers(value) ? value : {})

const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === ""

/** The ids are in the context or in the content (`tink-api.md` 9.3). */
const findIds = (context: Members, content: Members): Members =>
  Record.filter(
    {
      userId: isAbsent(context["userId"]) ? content["userId"] : context["userId"],
      externalUserId: isAbsent(context["externalUserId"]) ? content["externalUserId"] : context["externalUserId"]
    },
    (id) => !isAbsent(id)
  )

const isContradictory = (name: string, context: Members, content: Members): boolean =>
  !isAbsent(context[name]) && !isAbsent(content[name]) && context[name] !== content[name]

/** The members of a known event, in one record. */
const flatten = (event: string, content: Members): Members | undefined => {
  switch (event) {
    case "refresh:finished":
      return {
        ...content,
        _tag: "RefreshFinished",
        status: isAbsent(content["credentialsStatus"]) ? content["status"] : content["credentialsStatus"]
      }
    case "account-transactions:modified":
    case "account-booked-transactions:modified":
      return {
        ...toMembers(content["transactions"]),
        _tag: "TransactionsModified",
        accountId: toMembers(content["account"])["id"]
      }
    case "account-transactions:deleted":
      return {
        _tag: "TransactionsDeleted",
        accountId: toMembers(content["account"])["id"],
        transactionIds: toMembers(content["transactions"])["ids"]
      }
    case "account:created":
    case "account:updated":
      return { _tag: "AccountChanged", accountId: content["id"] ?? toMembers(content["account"])["id"] }
    default:
      return undefined
  }
}

const KnownEvent = Schema.Union(RefreshFinished, TransactionsModified, TransactionsDeleted, AccountChanged)

const decodeKnown = Schema.decodeUnknown(KnownEvent)

const UserOfEvent = Schema.Struct(user)

const decodeUser = Schema.decodeUnknown(UserOfEvent)

const decodeFailure = (detail: string): TinkError =>
  new TinkError({ reason: "Decode", operation: "decodeWebhookEvent", detail, isRetryable: false, isAmbiguous: false })

/** Paths only: a message repeats the value. It cannot be made of a value that is nested deeper than the stack. */
const formatPaths = Option.liftThrowable((error: ParseResult.ParseError): string => {
  const paths = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ path }) => path.join("."))
  return `: ${Array.from(new Set(paths)).join(", ")}`
})

const describe = (error: ParseResult.ParseError): string =>
  `not as documented${Option.getOrElse(formatPaths(error), () => "")}`

const strict = <A>(decoded: Effect.Effect<A, ParseResult.ParseError>): Effect.Effect<A, TinkError> =>
  Effect.mapError(decoded, (error) => decodeFailure(describe(error)))

const parse = (body: Uint8Array): Effect.Effect<Members, TinkError> =>
  Effect.try({
    try: (): unknown => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)),
    catch: () => decodeFailure("the body is not JSON")
  }).pipe(Effect.filterOrFail(isMembers, () => decodeFailure("the body is not a JSON object")))

/**
 * Decodes the body of a delivery that was verified.
 *
 * Strict in what identifies: the name of the event, the ids and the status. What else is not as documented is left out. An event
 * that is not known keeps its name and its body. Fails with a `TinkError` of reason `Decode`, which holds no value of the body.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (body: Uint8Array): Effect.Effect<WebhookEvent, TinkError> =>
  Effect.gen(function* () {
    const members = yield* parse(body)
    const { event } = members
    if (typeof event !== "string" || event === "") return yield* decodeFailure("event is not a name")
    const context = toMembers(members["context"])
    const content = toMembers(members["content"])
    for (const name of ["userId", "externalUserId"]) {
      if (isContradictory(name, context, content)) {
        return yield* decodeFailure(`${name} is not the same in the context and in the content`)
      }
    }
    const ids = findIds(context, content)
    const flat = flatten(event, content)
    if (flat !== undefined) {
      const { userId: _, externalUserId: __, ...rest } = flat
      return yield* strict(decodeKnown({ ...rest, event, ...ids }))
    }
    return { _tag: "Other", event, ...(yield* strict(decodeUser(ids))), body: Redacted.make(members) }
  })
