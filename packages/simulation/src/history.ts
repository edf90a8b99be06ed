/** What happened in a run, in one order that is the same for all: the evidence on which the promises are judged. */
import type { Fault, Operation, Settings } from "./schedule.js"

/** A point in the history: its place in the one order, and the virtual time. */
export interface Point {
  readonly order: number
  readonly at: number
}

/** A request as it left for the origin. */
export interface OriginRequest {
  readonly serial: number
  /** The call in which it was sent: that of the caller who started the lookup or the token fetch. */
  readonly call: number | undefined
  readonly method: string
  readonly path: string
  /** A form's or JSON body's `grant_type`, which tells the two kinds of token requests apart. */
  readonly grantType: string | undefined
  /** Whom a form or JSON body names: `user <id>` or `external <id>`. */
  readonly subject: string | undefined
  readonly traceId: string
  readonly token: string | undefined
  readonly sent: Point
  readonly fault: Fault | undefined
  /** When the origin looked at it, if it ever did. */
  evaluated: Point | undefined
  /** What the origin answered, whether or not that reached the caller. */
  status: number | undefined
  /** What the caller got: a status, or nothing because of a fault; `undefined` while waiting, and when the caller left. */
  delivered: number | "lost" | undefined
}

/** A token as the origin gave it out. */
export interface IssuedToken {
  readonly token: string
  /** `undefined` for a token of the app itself. */
  readonly userId: string | undefined
  readonly scopes: ReadonlyArray<string>
  /** The exchange that it came with. */
  readonly serial: number
}

/** A user as the origin made them. */
export interface CreatedUser {
  readonly userId: string
  readonly externalUserId: string
  /** The creation that made them. */
  readonly serial: number
}

/** A session as the schedule's callers hold it. */
export interface SessionInfo {
  readonly userId: string
  readonly scopes: ReadonlyArray<string>
  /** The token of a bare session; a minted one has changing tokens. */
  readonly bareToken: string | undefined
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

/** Something that is neither a call nor a request, for the story. */
export interface Remark {
  readonly point: Point
  readonly text: string
}

/** How many reads of an audit were answered by stored values. */
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
  /** All but those whose creation was answered so that nobody could read it. */
  readonly created: Array<CreatedUser>
  readonly remarks: Array<Remark>
  /** What the ids of credentials are called in the schedule. */
  readonly names: Map<string, string>
  readonly audits: Array<Audit>
  /** The largest number of entries that was seen. */
  maxSize: number
  /** What the cache has counted in the end. */
  counters: Counters
  /** What was left when all callers had been answered, and what when the layers had been closed. */
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
    remarks: [],
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
