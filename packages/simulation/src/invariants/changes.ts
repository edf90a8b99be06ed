/** What changes do. */
import { type Call, type Ending, type History, isApplied, type OriginRequest } from "../history.js"
import { changes, isDeletion, isNotProcessed, isOwn, isOwnRoute, ownRequests } from "./calls.js"
import { type Check, describe, findFirst } from "./check.js"

/** No change is applied more than once. */
export const appliedOnce: Check = (history) =>
  findFirst(changes(history), (call) => {
    // A user who is deleted meanwhile is created again: see `oneUser`.
    if (call.operation._tag === "ensureUser") return undefined
    const applied = ownRequests(history, call).filter(isApplied)
    return applied.length < 2
      ? undefined
      : {
          text: `${describe(call)} was applied ${applied.length} times, by the requests ${applied.map(({ serial }) => `#${serial}`).join(", ")}`,
          calls: [call.id]
        }
  })

/** Whether a request changes nothing: one more application token, or one more code for a user's token. */
const isHarmless = (history: History, request: OriginRequest): boolean =>
  request.grantType === "client_credentials" ||
  (request.path === "/api/v1/oauth/authorization-grant" &&
    history.calls.some((call) => call.id === request.call && !isOwn(call, request)))

/** A POST that may have been processed is never sent again. */
export const neverSentAgain: Check = (history) => {
  const lastByTrace = new Map<string, OriginRequest>()
  return findFirst(history.requests, (request) => {
    if (request.method !== "POST" || isHarmless(history, request)) return undefined
    // Deleting a user twice is harmless.
    if (request.path === "/api/v1/user/delete") return undefined
    const key = `${request.traceId} ${request.path}`
    const earlier = lastByTrace.get(key)
    lastByTrace.set(key, request)
    return earlier === undefined || isNotProcessed(earlier)
      ? undefined
      : {
          text: `POST ${request.path} was sent again as #${request.serial}, although #${earlier.serial} may have been processed`,
          calls: request.call === undefined ? [] : [request.call]
        }
  })
}

/** A change whose failure is not ambiguous was not applied. */
export const honestFailures: Check = (history) =>
  findFirst(changes(history), (call) => {
    const ending = call.ended?.ending
    if (ending?._tag !== "Failure" || ending.isAmbiguous) return undefined
    const applied = ownRequests(history, call).find(isApplied)
    return applied === undefined
      ? undefined
      : {
          text: `${describe(call)} failed without being ambiguous, but request #${applied.serial} was applied`,
          calls: [call.id]
        }
  })

/** The user is not found, or the token is invalid although another one could be requested. */
const isGone = (call: Call, { reason, route }: Ending & { readonly _tag: "Failure" }): boolean =>
  reason === "NotFound" ||
  (reason === "Unauthorized" && isOwnRoute(call, route) && call.session?.staticToken === undefined)

/** A deletion never fails because an earlier attempt of it succeeded. */
export const deletedIsDeleted: Check = (history) =>
  findFirst(history.calls, (call) => {
    const ending = call.ended?.ending
    if (ending?._tag !== "Failure") return undefined
    const isNotFound =
      call.operation._tag === "deleteCredential"
        ? ending.reason === "NotFound" && isOwnRoute(call, ending.route)
        : isDeletion(call.operation._tag) && isGone(call, ending)
    const applied = isNotFound ? ownRequests(history, call).find(isApplied) : undefined
    return applied === undefined
      ? undefined
      : {
          text: `${describe(call)} found nothing, because its own request #${applied.serial} deleted it`,
          calls: [call.id]
        }
  })
