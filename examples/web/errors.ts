/** The errors of the API. Every `TinkError` is converted here, and every failure of the database. */
import type { TinkError } from "@effect-tink/http"
import { HttpApiSchema, HttpApp, HttpServerResponse } from "@effect/platform"
import type { SqlError } from "@effect/sql/SqlError"
import { Duration, Effect, Schema } from "effect"

const explanation = {
  /** For the user. */
  message: Schema.String,
  /** For support: the id of Tink's answer or, without one, of our request. */
  reference: Schema.optionalWith(Schema.String, { exact: true }),
  /** Whether the change may have been made although the request failed. */
  mayHaveBeenDone: Schema.Boolean
}

const status = <A>(status: number, description: string) => HttpApiSchema.annotations<A>({ status, description })

export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", explanation, status(400, "Not accepted")) {}

export class NotFound extends Schema.TaggedError<NotFound>()(
  "NotFound",
  explanation,
  status(404, "This user has no such connection")
) {}

export class Conflict extends Schema.TaggedError<Conflict>()(
  "Conflict",
  explanation,
  status(409, "Another request for it is in progress")
) {}

export class TooManyRequests extends Schema.TaggedError<TooManyRequests>()(
  "TooManyRequests",
  { ...explanation, retryAfterSeconds: Schema.Int },
  status(429, "Too many requests: see Retry-After")
) {}

export class BadGateway extends Schema.TaggedError<BadGateway>()(
  "BadGateway",
  explanation,
  status(502, "Tink has a problem, or refuses this application")
) {}

export class Unavailable extends Schema.TaggedError<Unavailable>()(
  "Unavailable",
  explanation,
  status(503, "Tink or the database cannot be reached")
) {}

export class GatewayTimeout extends Schema.TaggedError<GatewayTimeout>()(
  "GatewayTimeout",
  explanation,
  status(504, "Tink did not answer in time")
) {}

/** The failures of a request that needs Tink and the database. */
export const Failure = Schema.Union(
  Invalid,
  NotFound,
  Conflict,
  TooManyRequests,
  BadGateway,
  Unavailable,
  GatewayTimeout
)

export type Failure = typeof Failure.Type

export class SessionEnded extends Schema.TaggedError<SessionEnded>()(
  "SessionEnded",
  { message: Schema.String },
  status(401, "There is no session, or it has ended")
) {}

export class ForeignOrigin extends Schema.TaggedError<ForeignOrigin>()(
  "ForeignOrigin",
  { message: Schema.String },
  status(403, "The request does not come from our own page")
) {}

export const connectionNotFound = new NotFound({
  message: "This bank is no longer connected.",
  mayHaveBeenDone: false
})

const defaultWait = Duration.seconds(30)

interface Explanation {
  readonly message: string
  readonly reference?: string
  readonly mayHaveBeenDone: boolean
}

interface Answer {
  readonly message: string
  readonly make: (explanation: Explanation, error: TinkError.TinkError) => Failure
}

/** The type requires an answer for every reason. */
const answers: Record<TinkError.Reason, Answer> = {
  Invalid: {
    message: "That was not accepted. Please reload the page and try again.",
    make: (explanation) => new Invalid(explanation)
  },
  NotFound: { message: connectionNotFound.message, make: (explanation) => new NotFound(explanation) },
  Conflict: {
    message: "Another request for this bank is in progress. Please wait until it has finished.",
    make: (explanation) => new Conflict(explanation)
  },
  RateLimited: {
    message: "The bank was asked a moment ago. Please try again in a little while.",
    make: (explanation, { retryAfter }) =>
      new TooManyRequests({
        ...explanation,
        retryAfterSeconds: Math.max(1, Math.ceil(Duration.toSeconds(retryAfter ?? defaultWait)))
      })
  },
  // Our own client id, secret or scopes are wrong: the user cannot help it.
  Unauthorized: {
    message: "Something is wrong on our side. We have been notified.",
    make: (explanation) => new BadGateway(explanation)
  },
  Forbidden: {
    message: "Something is wrong on our side. We have been notified.",
    make: (explanation) => new BadGateway(explanation)
  },
  Server: {
    message: "Tink, which connects us to your bank, has a problem. Please try again later.",
    make: (explanation) => new BadGateway(explanation)
  },
  Decode: {
    message: "Tink, which connects us to your bank, sent an answer that we do not understand. We have been notified.",
    make: (explanation) => new BadGateway(explanation)
  },
  Transport: {
    message: "We cannot reach Tink, which connects us to your bank. Please try again in a minute.",
    make: (explanation) => new Unavailable(explanation)
  },
  Timeout: {
    message: "Tink, which connects us to your bank, takes too long to answer. Please try again in a minute.",
    make: (explanation) => new GatewayTimeout(explanation)
  }
}

const fromTinkError = (error: TinkError.TinkError): Failure => {
  const { make, message } = answers[error.reason]
  const reference = error.requestId ?? error.traceId
  return make({ message, mayHaveBeenDone: error.isAmbiguous, ...(reference === undefined ? {} : { reference }) }, error)
}

/** The failures that a handler does not answer by itself. */
type Cause = TinkError.TinkError | SqlError

const unavailable = new Unavailable({
  message: "Something is wrong on our side. Please try again in a minute.",
  mayHaveBeenDone: true
})

/** The message for the user. */
export const toFailure = (cause: Cause): Failure => (cause._tag === "TinkError" ? fromTinkError(cause) : unavailable)

const isOurMistake = ({ reason }: TinkError.TinkError) =>
  reason === "Unauthorized" || reason === "Forbidden" || reason === "Decode" || reason === "Invalid"

/** A `TinkError` holds no secret, so all of it may be logged. The cause of a `SqlError` may hold what was written. */
export const log = (cause: Cause) =>
  cause._tag === "SqlError" || isOurMistake(cause) ? Effect.logError(cause.message) : Effect.logWarning(cause.message)

const setRetryAfter = (seconds: number) =>
  HttpApp.appendPreResponseHandler((_request, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, "Retry-After", String(seconds)))
  )

/** For what needs no Tink. */
export const refuseDatabase = (error: SqlError) => Effect.andThen(log(error), unavailable)

const refuse = (cause: Cause): Effect.Effect<never, Failure> =>
  Effect.gen(function* () {
    yield* log(cause)
    const failure = toFailure(cause)
    if (failure._tag === "TooManyRequests") yield* setRetryAfter(failure.retryAfterSeconds)
    return yield* failure
  })

/** Every handler ends with `Effect.catchTags(refusals)`. */
export const refusals = { TinkError: refuse, SqlError: refuse }

/** For the application's own limits. */
export const tooManyRequests = (message: string, retryAfter: Duration.Duration) => {
  const retryAfterSeconds = Math.ceil(Duration.toSeconds(retryAfter))
  return Effect.andThen(
    setRetryAfter(retryAfterSeconds),
    new TooManyRequests({ message, mayHaveBeenDone: false, retryAfterSeconds })
  )
}
