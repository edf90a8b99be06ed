/** Formats a history to be read: when a caller did what, what came back, and which promise broke. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import type { Call, Ending, History, Note, OriginRequest, Point } from "./history.js"
import type { Violation } from "./invariants.js"
import { type Fault, type Operation, scopeSets } from "./schedule.js"
import type { Broken, Checked } from "./search.js"
import { epoch } from "./virtualClock.js"

interface Line {
  readonly point: Point
  readonly text: string
}

const formatEnding = (ending: Ending): string => {
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

const formatScopes = (scopes: ReadonlyArray<string>): string =>
  Object.entries(scopeSets).find(([, set]) => set.join() === scopes.join())?.[0] ?? scopes.join(",")

const formatOperation = (operation: Operation, call: Call): string => {
  const user = `user ${operation.user}`
  const kind = call.session === undefined ? "" : `${call.session.staticToken === undefined ? "renewable" : "static"} `
  const session =
    "session" in operation
      ? `, ${kind}session ${operation.session}${call.session === undefined ? "" : ` (${formatScopes(call.session.scopes)})`}`
      : ""
  const credential = "credential" in operation ? `, credential ${operation.credential}` : ""
  const scopes = "scopes" in operation ? `, scopes: ${operation.scopes}` : ""
  const by = "by" in operation ? `, by ${operation.by}` : ""
  return `${operation._tag}(${user}${session}${credential}${scopes}${by})${"bypass" in operation && operation.bypass ? " past the cache" : ""}`
}

const formatFault = (fault: Fault): string => {
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

/** What a step other than a call does. */
const formatAction = (action: Note["action"]): string => {
  switch (action._tag) {
    case "Fault":
      return `the next ${action.fault.times === 1 ? "" : `${action.fault.times} `}"${action.fault.target}" gets the fault: ${formatFault(action.fault)}`
    case "RevokeTokens":
      return action.user === "all" ? "all tokens are revoked" : `the tokens of user ${action.user} are revoked`
    case "ConnectBank":
      return `user ${action.user} connects a bank`
    case "Audit":
      return "everything is read once"
  }
}

const toLine = ({ action, point }: Note): Line => ({ point, text: formatAction(action) })

const callLines = (call: Call): ReadonlyArray<Line> => [
  { point: call.started, text: `caller ${call.id} begins ${formatOperation(call.operation, call)}` },
  ...(call.left === undefined ? [] : [{ point: call.left, text: `caller ${call.id} gives up` }]),
  ...(call.ended === undefined
    ? []
    : [
        {
          point: call.ended,
          text: `caller ${call.id}'s ${call.operation._tag} ends with ${formatEnding(call.ended.ending)}`
        }
      ])
]

const formatCaller = ({ call }: OriginRequest): string => (call === undefined ? "" : ` for caller ${call}`)

const formatToken = (history: History, { token }: OriginRequest): string => {
  const index = [...history.tokens.keys()].indexOf(token ?? "")
  return index < 0 ? "" : ` with token ${index + 1}`
}

const formatPath = (history: History, { path }: OriginRequest): string =>
  path
    .split("/")
    .map((segment) => history.names.get(segment) ?? segment)
    .join("/")

const requestLines =
  (history: History) =>
  (request: OriginRequest): ReadonlyArray<Line> => {
    const { evaluated, fault, method, sent, serial, status } = request
    const met = fault === undefined ? "" : `, with the fault: ${formatFault(fault)}`
    return [
      {
        point: sent,
        text: `  request #${serial} leaves${formatCaller(request)}: ${method} ${formatPath(history, request)}${formatToken(history, request)}${met}`
      },
      ...(evaluated === undefined
        ? []
        : [{ point: evaluated, text: `  the origin processes request #${serial}: ${status ?? "no answer"}` }])
    ]
  }

const formatTime = (at: number): string => `${((at - epoch) / 1000).toFixed(3).padStart(8)} s`

const lines = (history: History): ReadonlyArray<Line> =>
  Arr.sortWith(
    [
      ...history.notes.map(toLine),
      ...history.calls.flatMap(callLines),
      ...history.requests.flatMap(requestLines(history))
    ],
    ({ point }) => point.order,
    Order.number
  )

export const formatHistory = (history: History): string =>
  lines(history)
    .map(({ point, text }) => `${formatTime(point.at)}  ${text}`)
    .join("\n")

const formatSettings = ({ settings }: History): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")

const formatViolation = (history: History, violation: Violation): string =>
  [
    `Settings: ${formatSettings(history)}`,
    "",
    formatHistory(history),
    "",
    `Broken promise: ${violation.invariant}`,
    `  ${violation.text}.`
  ].join("\n")

const perSecond = (count: number, millis: number): string => (millis === 0 ? "-" : ((count * 1000) / millis).toFixed(1))

export const formatProgress = ({ calls, requests, schedules }: Checked, millis: number): string =>
  `${schedules} ${schedules === 1 ? "schedule" : "schedules"} (${perSecond(schedules, millis)} per second), ${calls} operations and ${requests} requests checked`

/** How to replay a broken promise, and the shortest history that was found. */
export const formatFailure = (found: Broken, shrunk: Broken): string =>
  [
    `Seed ${found.schedule.seed} breaks a promise. Replay with: npm run simulate -- --seed ${found.schedule.seed}`,
    `Shrunk from ${found.schedule.steps.length} to ${shrunk.schedule.steps.length} steps:`,
    "",
    formatViolation(shrunk.history, shrunk.violations[0])
  ].join("\n")
