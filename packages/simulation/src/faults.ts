/** The faults that wait for a request, in the order of the schedule. */
import type { TinkSandbox } from "@effect-tink/sandbox"
import type { Fault, FaultKind, Target } from "./schedule.js"

interface Pending {
  readonly fault: Fault
  left: number
}

export interface Faults {
  readonly add: (fault: Fault) => void
  /** The oldest fault that matches a request, counted down. */
  readonly take: (method: string, path: string) => Fault | undefined
  readonly clear: () => void
}

const toTarget = (method: string, path: string): Target => {
  switch (path) {
    case "/api/v1/oauth/token":
      return "token"
    case "/api/v1/oauth/authorization-grant":
      return "grant"
    case "/api/v1/user/create":
      return "createUser"
    case "/api/v1/user/delete":
      return "deleteUser"
    case "/api/v1/user":
      return "identity"
    case "/api/v1/credentials/list":
      return "list"
    default:
      if (path.endsWith("/refresh")) return "refresh"
      return method === "DELETE" ? "delete" : "get"
  }
}

export const make = (): Faults => {
  let pending: ReadonlyArray<Pending> = []
  return {
    add: (fault) => {
      pending = [...pending, { fault, left: fault.times }]
    },
    take: (method, path) => {
      const target = toTarget(method, path)
      const found = pending.find(({ fault }) => fault.target === "any" || fault.target === target)
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

const formatRetryAfter = (
  fault: FaultKind & { readonly kind: "status" },
  now: number
): { readonly retryAfter?: string } => {
  if (fault.retryAfter === undefined) return {}
  return {
    retryAfter: fault.asDate === true ? new Date(now + fault.retryAfter * 1000).toUTCString() : String(fault.retryAfter)
  }
}

/** A fault for exactly one request, in the form of the sandbox. */
export const toSandboxFault = (fault: Fault, method: string, path: string, now: number): TinkSandbox.Fault => {
  const target = { method, path, times: 1 }
  switch (fault.kind) {
    case "delay":
    case "slow-body":
      return { ...target, kind: fault.kind, milliseconds: fault.milliseconds }
    case "status":
      return { ...target, kind: fault.kind, status: fault.status, ...formatRetryAfter(fault, now) }
    default:
      return { ...target, kind: fault.kind }
  }
}
