/** What happens in one run, as plain data: the same schedule always makes the same run. */
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
  /** How many user tokens are kept at the most. */
  readonly tokenCapacity: number
}

export const scopeSets = {
  all: ["credentials:read", "credentials:refresh", "credentials:write", "user:delete"],
  read: ["credentials:read"],
  change: ["credentials:refresh", "credentials:write", "user:delete"]
} as const satisfies Record<string, ReadonlyArray<UserScope>>

export type ScopeSet = keyof typeof scopeSets

/**
 * Users, sessions and credentials go by numbers of the schedule's own. What a number stands for is made by other steps; a
 * step whose numbers stand for nothing yet is skipped, so that any part of a schedule is a schedule.
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

/** For how long: scheduler tasks, which take no time, or milliseconds, at the end of which everything has come to rest. */
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

/** The requests that a fault can be meant for. */
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
  /** Reads everything once, when nobody else is busy, to see how much is stored. */
  | { readonly _tag: "Audit" }

export interface Step {
  /** Before the action. */
  readonly pause: Pause
  readonly action: Action
}

export interface Schedule {
  /** What the chance in the run itself comes from: who runs next, ids, jitter. */
  readonly seed: number
  readonly settings: Settings
  readonly steps: ReadonlyArray<Step>
}
