/** Who did what in a history. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import type { Call, History, OriginRequest } from "../history.js"
import type { OperationName } from "../schedule.js"

export const isRead = ({ operation: { _tag } }: Call): boolean => _tag === "listCredentials" || _tag === "getCredential"

export const isDeletion = (tag: OperationName): boolean => tag === "deleteUser" || tag === "deleteUserBy"

const isUserChange = ({ operation: { _tag } }: Call): boolean =>
  _tag === "refreshCredential" || _tag === "deleteCredential" || isDeletion(_tag)

/** Whether a path, or its template, is the subject of an operation, and not a step towards it. */
const isOwnPath = ({ operation: { _tag } }: Call, path: string): boolean => {
  switch (_tag) {
    case "authorize":
    case "getUserAccessToken":
      return false
    case "createAuthorization":
      return path === "/api/v1/oauth/authorization-grant"
    case "createUser":
    case "ensureUser":
      return path === "/api/v1/user/create"
    case "deleteUser":
    case "deleteUserBy":
      return path === "/api/v1/user/delete"
    default:
      return path.startsWith("/api/v1/credentials/")
  }
}

export const isOwn = (call: Call, { grantType, path }: OriginRequest): boolean =>
  isOwnPath(call, path) || (call.operation._tag === "getUserAccessToken" && grantType === "authorization_code")

/** Whether a failure is of the request that the call is about, not of the token request before it. */
export const isOwnRoute = (call: Call, route: string | undefined): boolean => isOwnPath(call, route ?? "")

/** Finds something in a history once, as many promises are about it. A history is complete when it is checked. */
const once = <A>(find: (history: History) => A): ((history: History) => A) => {
  const found = new WeakMap<History, { readonly value: A }>()
  return (history) => {
    const known = found.get(history) ?? { value: find(history) }
    found.set(history, known)
    return known.value
  }
}

const requestsByCall = once(({ requests }) => Arr.groupBy(requests, ({ call }) => String(call)))

export const ownRequests = (history: History, call: Call): ReadonlyArray<OriginRequest> =>
  (requestsByCall(history)[String(call.id)] ?? []).filter((request) => isOwn(call, request))

interface AnsweredRead {
  readonly read: Call
  /** The request that its value came with. */
  readonly source: OriginRequest
}

export const answeredReads = once((history): ReadonlyArray<AnsweredRead> =>
  history.calls.flatMap((read) => {
    const ending = read.ended?.ending
    if (!isRead(read) || ending?._tag !== "Success") return []
    const source = history.requests[ending.serial ?? -1]
    if (source === undefined) throw new Error(`the value of call ${read.id} does not say where it is from`)
    return [{ read, source }]
  })
)

export const endedChanges = once((history) =>
  history.calls.flatMap((call) =>
    isUserChange(call) && call.ended !== undefined ? [{ call, ended: call.ended, own: ownRequests(history, call) }] : []
  )
)

/** Whether a change that sent nothing has got as far as trying to. */
export const hasBegun = ({ ended, left, operation }: Call): boolean => {
  // The caller may have left before, and the external id may not have been found.
  if (left !== undefined || (operation._tag === "deleteUserBy" && operation.by === "externalUserId")) return false
  // Without a route, the session or the input was refused.
  return ended?.ending._tag !== "Failure" || ended.ending.route !== undefined
}

export const changes = (history: History): ReadonlyArray<Call> => history.calls.filter((call) => !isRead(call))

export const deletions = (history: History): ReadonlyArray<Call> =>
  history.calls.filter(({ operation }) => isDeletion(operation._tag))

export const isRenewable = ({ session }: Call): boolean => session !== undefined && session.staticToken === undefined

export const sameScopes = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): boolean =>
  Arr.sort(left, Order.string).join() === Arr.sort(right, Order.string).join()

/** Whether the answer proves that a request was not processed. */
export const isNotProcessed = ({ delivered }: OriginRequest): boolean => delivered === 429 || delivered === 401
