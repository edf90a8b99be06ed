/** A run as plain data: the same schedule always makes the same history. */
import type { UserScope } from "@effect-tink/http/OAuthScope"

/** The settings of the layers under test. Times are in milliseconds. */
export interface Settings {
  readonly capacity: number
  readonly timeToLive: number
  readonly quarantine: number
  readonly attemptTimeout: number
  readonly deadline: number
  readonly maxRetries: number
  readonly clientTokenLifetime: number
  readonly userTokenLifetime: number
  readonly rateLimitedRefresh: "429" | "204"
  /** The maximum number of user tokens that are kept. */
  readonly tokenCapacity: number
}

export const scopeSets = {
  all: ["credentials:read", "credentials:refresh", "credentials:write", "user:delete"],
  read: ["credentials:read"],
  change: ["credentials:refresh", "credentials:write", "user:delete"]
} as const satisfies Record<string, ReadonlyArray<UserScope>>

export type ScopeSet = keyof typeof scopeSets

/**
 * Users, sessions and credentials have numbers of the schedule's own. Earlier steps give a number its meaning. A step whose
 * numbers mean nothing yet is skipped, so any part of a schedule is a schedule.
 */
export type Operation =
  | { readonly _tag: "createUser"; readonly user: number }
  | { readonly _tag: "ensureUser"; readonly user: number }
  | {
      readonly _tag: "authorize"
      readonly user: number
      readonly session: number
      readonly scopes: ScopeSet
      readonly by: "userId" | "externalUserId"
    }
  | { readonly _tag: "createAuthorization"; readonly user: number; readonly session: number; readonly scopes: ScopeSet }
  | { readonly _tag: "getUserAccessToken"; readonly user: number; readonly session: number }
  | { readonly _tag: "deleteUser"; readonly user: number; readonly session: number }
  | { readonly _tag: "deleteUserBy"; readonly user: number; readonly by: "userId" | "externalUserId" }
  | { readonly _tag: "listCredentials"; readonly user: number; readonly session: number; readonly bypass: boolean }
  | {
      readonly _tag: "getCredential"
      readonly user: number
      readonly session: number
      readonly credential: number
      readonly bypass: boolean
    }
  | {
      readonly _tag: "refreshCredential" | "deleteCredential"
      readonly user: number
      readonly session: number
      readonly credential: number
    }

export type OperationName = Operation["_tag"]

/** Scheduler tasks, which take no time, or milliseconds, after which everything is at rest. */
export type Pause =
  { readonly _tag: "Tasks"; readonly count: number } | { readonly _tag: "Millis"; readonly count: number }

export type FaultKind =
  | { readonly kind: "delay" | "slow-body"; readonly milliseconds: number }
  | { readonly kind: "drop-before" | "drop-after" | "cut-body" | "garbage" }
  | {
      readonly kind: "status"
      readonly status: number
      /** `Retry-After`, in seconds, sent as such or as a date. */
      readonly retryAfter?: number
      readonly asDate?: boolean
    }

/** The requests that a fault can match. */
export type Target =
  "list" | "get" | "refresh" | "delete" | "deleteUser" | "createUser" | "grant" | "token" | "identity" | "any"

export type Fault = FaultKind & { readonly target: Target; readonly times: number }

export type Action =
  | {
      readonly _tag: "Call"
      readonly id: number
      readonly operation: Operation
      /** When the caller gives up. */
      readonly leave?: Pause | undefined
    }
  | { readonly _tag: "Fault"; readonly fault: Fault }
  | { readonly _tag: "RevokeTokens"; readonly user: number | "all" }
  | { readonly _tag: "ConnectBank"; readonly user: number }
  /** Reads everything once, when no caller is busy, to count the stored values. */
  | { readonly _tag: "Audit" }

export interface Step {
  /** The wait before the action. */
  readonly pause: Pause
  readonly action: Action
}

export interface Schedule {
  /** The source of everything random in the run itself: the next fiber, ids, jitter. */
  readonly seed: number
  readonly settings: Settings
  readonly steps: ReadonlyArray<Step>
}
