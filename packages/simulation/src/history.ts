/** Everything that happened in a run, in one order. The promises are checked against it. */
import type { Action, Fault, Operation, Settings } from "./schedule.js"

/** A point in the history: its place in the order, and the virtual time. */
export interface Point {
  readonly order: number
  readonly at: number
}

/** A request to the origin. */
export interface OriginRequest {
  readonly serial: number
  /** The call that sent it: the one that started the lookup or the token request. */
  readonly call: number | undefined
  readonly method: string
  readonly path: string
  /** The body's `grant_type`, which distinguishes the two kinds of token requests. */
  readonly grantType: string | undefined
  /** The user that the body names: `user <id>` or `external <id>`. */
  readonly subject: string | undefined
  readonly traceId: string
  readonly token: string | undefined
  readonly sent: Point
  readonly fault: Fault | undefined
  /** When the origin processed it, if it did. */
  evaluated: Point | undefined
  /** The origin's answer, whether or not it reached the caller. */
  status: number | undefined
  /** What the caller got: a status, or `lost` by a fault. `undefined` while waiting, and when the caller left. */
  delivered: number | "lost" | undefined
}

/** A token as the origin issued it. */
export interface IssuedToken {
  readonly token: string
  /** `undefined` for a token of the app itself. */
  readonly userId: string | undefined
  readonly scopes: ReadonlyArray<string>
  /** The request that it was issued for. */
  readonly serial: number
}

/** A user as the origin created it. */
export interface CreatedUser {
  readonly userId: string
  readonly externalUserId: string
  /** The request that created it. */
  readonly serial: number
}

/** A session as a caller holds it. */
export interface SessionInfo {
  readonly userId: string
  readonly scopes: ReadonlyArray<string>
  /** The token of a static session. A renewable one has changing tokens. */
  readonly staticToken: string | undefined
}

export type Ending =
  | { readonly _tag: "Success"; readonly serial: number | undefined; readonly userId: string | undefined }
  | {
      readonly _tag: "Failure"
      readonly reason: string
      readonly route: string | undefined
      readonly detail: string
      readonly isAmbiguous: boolean
    }
  | { readonly _tag: "Interrupted" }
  | { readonly _tag: "Defect"; readonly detail: string }

/** One call of an operation by one caller. */
export interface Call {
  readonly id: number
  readonly operation: Operation
  readonly userId: string | undefined
  readonly session: SessionInfo | undefined
  readonly started: Point
  left: Point | undefined
  ended: (Point & { readonly ending: Ending }) | undefined
}

/** A step of the schedule other than a call. */
export interface Note {
  readonly point: Point
  readonly action: Exclude<Action, { readonly _tag: "Call" }>
}

/** How many reads of an audit were cache hits. */
export interface Audit {
  readonly point: Point
  readonly hits: number
}

export interface Counters {
  readonly hits: number
  readonly joins: number
  readonly misses: number
  readonly bypasses: number
  readonly size: number
}

export interface History {
  readonly settings: Settings
  readonly requests: Array<OriginRequest>
  readonly calls: Array<Call>
  readonly tokens: Map<string, IssuedToken>
  /** Users whose creation had an unreadable answer are left out. */
  readonly created: Array<CreatedUser>
  readonly notes: Array<Note>
  /** The schedule's names for the ids of credentials. */
  readonly names: Map<string, string>
  readonly audits: Array<Audit>
  /** The largest number of entries at any step. */
  maxSize: number
  /** The cache's statistics at the end. */
  counters: Counters
  /** What was left when all callers had ended, and when the layers had been closed. */
  leftAtRest: string | undefined
  leftAtEnd: string | undefined
  readonly point: () => Point
}

export const make = (settings: Settings, now: () => number): History => {
  let order = 0
  return {
    settings,
    requests: [],
    calls: [],
    tokens: new Map(),
    created: [],
    notes: [],
    names: new Map(),
    audits: [],
    maxSize: 0,
    counters: { hits: 0, joins: 0, misses: 0, bypasses: 0, size: 0 },
    leftAtRest: undefined,
    leftAtEnd: undefined,
    point: () => ({ order: ++order, at: now() })
  }
}

/** Whether the origin did what a request asked for. */
export const isApplied = (request: OriginRequest): boolean =>
  request.evaluated !== undefined && request.status !== undefined && request.status >= 200 && request.status < 300
