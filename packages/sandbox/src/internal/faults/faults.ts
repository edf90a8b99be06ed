import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Incoming } from "../http/incoming.js"
import * as PathTemplate from "../http/pathTemplate.js"
import { bodyOf, isBodiless, json } from "../http/responses.js"
import type { Fault } from "../models.js"

type Response = HttpServerResponse.HttpServerResponse

const target = {
  method: Schema.optionalWith(Schema.NonEmptyString, { exact: true }),
  path: Schema.optionalWith(Schema.String.pipe(Schema.startsWith("/")), { exact: true }),
  times: Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { exact: true })
}

// The longest wait of setTimeout, and so of a Clock.
const milliseconds = Schema.Number.pipe(Schema.between(0, 2 ** 31 - 1))

const optionalText = Schema.optionalWith(Schema.String, { exact: true })

// It becomes a header as it is.
const retryAfter = Schema.optionalWith(Schema.String.pipe(Schema.pattern(/^[\x20-\x7e]*$/)), { exact: true })

/** A fault as JSON: the body of `POST /sandbox/faults`, and the check of `injectFault`. */
export const FaultSchema: Schema.Schema<Fault> = Schema.Union(
  Schema.Struct({ ...target, kind: Schema.Literal("delay"), milliseconds }),
  Schema.Struct({
    ...target,
    kind: Schema.Literal("status"),
    status: Schema.Int.pipe(Schema.between(200, 599)),
    retryAfter,
    errorCode: optionalText,
    errorMessage: optionalText
  }),
  Schema.Struct({ ...target, kind: Schema.Literal("drop-before") }),
  Schema.Struct({ ...target, kind: Schema.Literal("drop-after") }),
  Schema.Struct({ ...target, kind: Schema.Literal("cut-body") }),
  Schema.Struct({ ...target, kind: Schema.Literal("garbage") }),
  Schema.Struct({ ...target, kind: Schema.Literal("slow-body"), milliseconds })
).annotations({ identifier: "Fault" })

interface Pending {
  readonly fault: Fault
  left: number
}

/** The faults that are waiting for a request, oldest first. */
export interface Faults {
  readonly add: (fault: Fault) => void
  /** Takes the oldest fault that applies to a request, and counts it down. */
  readonly take: (incoming: Incoming, template: string | undefined) => Fault | undefined
  readonly clear: () => void
}

// `credentials/list` is not a `credentials/{id}`: a path template has to be that of the request's route, if there is one.
const matchesPath = (wanted: string, path: string, template: string | undefined): boolean => {
  if (wanted.endsWith("*")) return path.startsWith(wanted.slice(0, -1))
  if (wanted === path) return true
  return template === undefined
    ? PathTemplate.matches(wanted, path)
    : wanted.includes("{") && PathTemplate.isSame(wanted, template)
}

const appliesTo = (fault: Fault, incoming: Incoming, template: string | undefined): boolean =>
  (fault.method === undefined || fault.method.toUpperCase() === incoming.method) &&
  (fault.path === undefined || matchesPath(fault.path, incoming.path, template))

export const make = (): Faults => {
  let pending: ReadonlyArray<Pending> = []
  return {
    add: (fault) => {
      pending = [...pending, { fault, left: fault.times ?? 1 }]
    },
    take: (incoming, template) => {
      const found = pending.find(({ fault }) => appliesTo(fault, incoming, template))
      if (found === undefined) return undefined
      found.left -= 1
      if (found.left === 0) pending = pending.filter((other) => other !== found)
      return found.fault
    },
    clear: () => {
      pending = []
    }
  }
}

/** Whether a request with the fault still reaches Tink. */
export const isApplied = (fault: Fault): boolean => fault.kind !== "status" && fault.kind !== "drop-before"

/** What a fault does to a connection. Each carrier does it in its own way. */
export type Damage =
  | { readonly _tag: "Dropped" }
  | { readonly _tag: "Cut"; readonly response: Response }
  | { readonly _tag: "Slow"; readonly response: Response; readonly milliseconds: number }

/** The status that is sent, `null` if the connection is dropped first. */
export const statusOf = (damage: Damage): number | null => (damage._tag === "Dropped" ? null : damage.response.status)

export const mapResponse = (damage: Damage, f: (response: Response) => Response): Damage =>
  damage._tag === "Dropped" ? damage : { ...damage, response: f(damage.response) }

/** The bytes before a body is cut or stalls, and those after. */
export const halves = (response: Response): readonly [Uint8Array, Uint8Array] => {
  const bytes = bodyOf(response)
  const middle = Math.floor(bytes.length / 2)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

const dropped: Damage = { _tag: "Dropped" }

const statusResponse = (fault: Fault & { readonly kind: "status" }): Response =>
  json(
    fault.status,
    {
      errorMessage: fault.errorMessage ?? "A fault of the sandbox",
      errorCode: fault.errorCode ?? "sandbox.fault"
    },
    fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }
  )

// The content type still says JSON. A 204 has no body to garble, so it becomes a 200.
const garble = ({ headers, status }: Response): Response =>
  HttpServerResponse.text("<html><body>This is not JSON</body></html>", {
    status: isBodiless(status) ? 200 : status,
    headers,
    contentType: "application/json"
  })

const hasBody = (response: Response): boolean => bodyOf(response).length > 0

const cut = (response: Response): Damage => (hasBody(response) ? { _tag: "Cut", response } : dropped)

const slow = (response: Response, milliseconds: number): Effect.Effect<Response, Damage> =>
  hasBody(response)
    ? Effect.fail({ _tag: "Slow", response, milliseconds })
    : Effect.as(Effect.sleep(milliseconds), response)

/** Answers a request under a fault. `answer` is how it would be answered without. */
export const apply = (fault: Fault, answer: Effect.Effect<Response>): Effect.Effect<Response, Damage> => {
  switch (fault.kind) {
    case "delay":
      return Effect.andThen(Effect.sleep(fault.milliseconds), answer)
    case "status":
      return Effect.sync(() => statusResponse(fault))
    case "drop-before":
      return Effect.fail(dropped)
    case "drop-after":
      return Effect.andThen(answer, Effect.fail(dropped))
    case "cut-body":
      return Effect.flatMap(answer, (response) => Effect.fail(cut(response)))
    case "garbage":
      return Effect.map(answer, garble)
    case "slow-body":
      return Effect.flatMap(answer, (response) => slow(response, fault.milliseconds))
  }
}
