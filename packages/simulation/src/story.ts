/** Tells a history so that one can follow it: when, who did what, what came back, and which promise broke. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import type { Call, Ending, History, OriginRequest, Point } from "./history.js"
import type { Violation } from "./invariants.js"
import { type Action, type Fault, type Operation, scopeSets } from "./schedule.js"
import { epoch } from "./virtualClock.js"

interface Line {
  readonly point: Point
  readonly text: string
}

const ending = (ending: Ending): string => {
  switch (ending._tag) {
    case "Success":
      return ending.serial === undefined ? "success" : `what request #${ending.serial} saw`
    case "Failure":
      return `a failure: ${ending.detail}${ending.isAmbiguous ? " (may have been applied)" : ""}`
    case "Interrupted":
      return "an interruption"
    case "Defect":
      return `a defect: ${ending.detail}`
  }
}

const scopesOf = (scopes: ReadonlyArray<string>): string =>
  Object.entries(scopeSets).find(([, set]) => set.join() === scopes.join())?.[0] ?? scopes.join(",")

const describe = (operation: Operation, call: Call): string => {
  const user = `user ${operation.user}`
  const kind = call.session === undefined ? "" : `${call.session.bareToken === undefined ? "minted" : "bare"} `
  const session =
    "session" in operation
      ? `, ${kind}session ${operation.session}${call.session === undefined ? "" : ` (${scopesOf(call.session.scopes)})`}`
      : ""
  const credential = "credential" in operation ? `, credential ${operation.credential}` : ""
  const scopes = "scopes" in operation ? `, scopes: ${operation.scopes}` : ""
  const by = "by" in operation ? `, by ${operation.by}` : ""
  return `${operation._tag}(${user}${session}${credential}${scopes}${by})${"bypass" in operation && operation.bypass ? " past the cache" : ""}`
}

const describeFault = (fault: Fault): string => {
  switch (fault.kind) {
    case "delay":
    case "slow-body":
      return `${fault.kind} of ${fault.milliseconds} ms`
    case "status":
      return `status ${fault.status}${fault.retryAfter === undefined ? "" : ` with Retry-After ${fault.retryAfter} s`}`
    default:
      return fault.kind
  }
}

/** What a step of the schedule that is no call does. */
export const remark = (action: Exclude<Action, { readonly _tag: "Call" }>): string => {
  switch (action._tag) {
    case "Fault":
      return `the next ${action.fault.times === 1 ? "" : `${action.fault.times} `}"${action.fault.target}" will meet: ${describeFault(action.fault)}`
    case "RevokeTokens":
      return action.user === "all" ? "all tokens are revoked" : `the tokens of user ${action.user} are revoked`
    case "ConnectBank":
      return `user ${action.user} connects a bank`
    case "Audit":
      return "everything is read once"
  }
}

const linesOfCall = (call: Call): ReadonlyArray<Line> => [
  { point: call.started, text: `caller ${call.id} begins ${describe(call.operation, call)}` },
  ...(call.left === undefined ? [] : [{ point: call.left, text: `caller ${call.id} gives up` }]),
  ...(call.ended === undefined
    ? []
    : [
        { point: call.ended, text: `caller ${call.id}'s ${call.operation._tag} ends with ${ending(call.ended.ending)}` }
      ])
]

const by = ({ call }: OriginRequest): string => (call === undefined ? "" : ` for caller ${call}`)

const tokenOf = (history: History, { token }: OriginRequest): string => {
  const index = [...history.tokens.keys()].indexOf(token ?? "")
  return index < 0 ? "" : ` with token ${index + 1}`
}

const pathOf = (history: History, { path }: OriginRequest): string =>
  path
    .split("/")
    .map((segment) => history.names.get(segment) ?? segment)
    .join("/")

const linesOfRequest =
  (history: History) =>
  (request: OriginRequest): ReadonlyArray<Line> => {
    const { evaluated, fault, method, sent, serial, status } = request
    const met = fault === undefined ? "" : `, which meets: ${describeFault(fault)}`
    return [
      {
        point: sent,
        text: `  request #${serial} leaves${by(request)}: ${method} ${pathOf(history, request)}${tokenOf(history, request)}${met}`
      },
      ...(evaluated === undefined
        ? []
        : [{ point: evaluated, text: `  the origin looks at request #${serial}: ${status ?? "no answer"}` }])
    ]
  }

const clock = (at: number): string => `${((at - epoch) / 1000).toFixed(3).padStart(8)} s`

const lines = (history: History): ReadonlyArray<Line> =>
  Arr.sortWith(
    [...history.remarks, ...history.calls.flatMap(linesOfCall), ...history.requests.flatMap(linesOfRequest(history))],
    ({ point }) => point.order,
    Order.number
  )

/** The whole history. */
export const trace = (history: History): string =>
  lines(history)
    .map(({ point, text }) => `${clock(point.at)}  ${text}`)
    .join("\n")

const settings = ({ settings }: History): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")

/** The history, and how it broke a promise. */
export const tell = (history: History, violation: Violation): string =>
  [
    `Settings: ${settings(history)}`,
    "",
    trace(history),
    "",
    `Broken promise: ${violation.invariant}`,
    `  ${violation.text}.`
  ].join("\n")
