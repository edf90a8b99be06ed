import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Fault } from "../TinkSandbox.js"
import { matchPath } from "./router.js"
import { isBodiless, json, type Incoming, type Outcome, type Reply } from "./wire.js"

const target = {
  method: Schema.optionalWith(Schema.NonEmptyString, { exact: true }),
  path: Schema.optionalWith(Schema.String.pipe(Schema.startsWith("/")), { exact: true }),
  times: Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { exact: true })
}

// setTimeout, and so a Clock, can wait no longer.
const milliseconds = Schema.Number.pipe(Schema.between(0, 2 ** 31 - 1))

const optionalText = Schema.optionalWith(Schema.String, { exact: true })

// It goes into a header as it is.
const retryAfter = Schema.optionalWith(Schema.String.pipe(Schema.pattern(/^[\x20-\x7e]*$/)), { exact: true })

/** A fault as JSON: what `POST /sandbox/faults` takes, and what `injectFault` checks. */
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

/** The faults that wait for a request, oldest first. */
export interface Faults {
  readonly add: (fault: Fault) => void
  /** The oldest fault that is meant for a request, counted down. */
  readonly take: (incoming: Incoming, template: string | undefined) => Fault | undefined
  readonly clear: () => void
}

const anonymous = (template: string) => template.replaceAll(/\{[^/]*\}/g, "{}")

// `credentials/list` is not a `credentials/{id}`: where a route stands at the path, the templates have to be the same.
const isPath = (wanted: string, path: string, template: string | undefined): boolean => {
  if (wanted.endsWith("*")) return path.startsWith(wanted.slice(0, -1))
  if (wanted === path) return true
  return template === undefined
    ? matchPath(wanted, path) !== undefined
    : wanted.includes("{") && anonymous(wanted) === anonymous(template)
}

const isFor = (fault: Fault, incoming: Incoming, template: string | undefined): boolean =>
  (fault.method === undefined || fault.method.toUpperCase() === incoming.method) &&
  (fault.path === undefined || isPath(fault.path, incoming.path, template))

export const make = (): Faults => {
  let pending: ReadonlyArray<Pending> = []
  return {
    add: (fault) => {
      pending = [...pending, { fault, left: fault.times ?? 1 }]
    },
    take: (incoming, template) => {
      const found = pending.find(({ fault }) => isFor(fault, incoming, template))
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

/** Whether Tink still does what a request with the fault asks for. */
export const isApplied = (fault: Fault): boolean => fault.kind !== "status" && fault.kind !== "drop-before"

const statusReply = (fault: Fault & { readonly kind: "status" }): Reply =>
  json(
    fault.status,
    {
      errorMessage: fault.errorMessage ?? "A fault of the sandbox",
      errorCode: fault.errorCode ?? "sandbox.fault"
    },
    fault.retryAfter === undefined ? {} : { "retry-after": fault.retryAfter }
  )

// It says that it is JSON. A status that allows no body cannot have a garbled one, so 204 becomes 200.
const garble = (reply: Reply): Reply => ({
  status: isBodiless(reply.status) ? 200 : reply.status,
  headers: { ...reply.headers, "content-type": "application/json" },
  body: "<html><body>This is not JSON</body></html>"
})

const dropped: Outcome = { _tag: "Dropped" }

const whole = (reply: Reply): Outcome => ({ _tag: "Whole", reply })

// An answer without a body has nothing to stall in: it is late as a whole.
const slow = (reply: Reply, milliseconds: number): Effect.Effect<Outcome> =>
  reply.body === ""
    ? Effect.as(Effect.sleep(milliseconds), whole(reply))
    : Effect.succeed({ _tag: "Slow", reply, milliseconds })

/** What a request comes to under a fault; `process` is what it would come to without. */
export const apply = (fault: Fault, process: Effect.Effect<Reply>): Effect.Effect<Outcome> => {
  switch (fault.kind) {
    case "delay":
      return Effect.sleep(fault.milliseconds).pipe(Effect.andThen(process), Effect.map(whole))
    case "status":
      return Effect.sync(() => whole(statusReply(fault)))
    case "drop-before":
      return Effect.succeed(dropped)
    case "drop-after":
      return Effect.as(process, dropped)
    case "cut-body":
      // There is nothing to cut in an answer without a body: the connection is dropped before its head.
      return Effect.map(process, (reply) => (reply.body === "" ? dropped : { _tag: "Cut", reply }))
    case "garbage":
      return Effect.map(process, (reply) => whole(garble(reply)))
    case "slow-body":
      return Effect.flatMap(process, (reply) => slow(reply, fault.milliseconds))
  }
}
