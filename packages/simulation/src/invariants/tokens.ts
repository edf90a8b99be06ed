/** Which tokens are requested and used. */
import type { Call, History, OriginRequest } from "../history.js"
import { deletions, hasBegun, isOwnRoute, isRenewable, ownRequests, sameScopes } from "./calls.js"
import { type Check, describe, findFirst } from "./check.js"

/** A token that can be renewed is renewed before a 401 is reported. */
export const refusedTokens: Check = (history) =>
  findFirst(history.calls, (call) => {
    const ending = call.ended?.ending
    const canRenew = call.session === undefined || isRenewable(call)
    if (!canRenew || ending?._tag !== "Failure" || ending.reason !== "Unauthorized") return undefined
    if (!isOwnRoute(call, ending.route)) return undefined
    const refused = ownRequests(history, call).filter(({ delivered }) => delivered === 401)
    return refused.length === 0 || new Set(refused.map(({ token }) => token)).size > 1
      ? undefined
      : {
          text: `${describe(call)} failed with a token that was refused, without a try with a new one`,
          calls: [call.id]
        }
  })

/** The session whose token a request must carry. `undefined` for the token of the application. */
const rightfulOwner = (call: Call, { path }: OriginRequest) => {
  const { operation, session } = call
  if (path.startsWith("/api/v1/oauth/") || path === "/api/v1/user/create") return undefined
  if (session !== undefined) return session
  if (path === "/api/v1/user/delete" && operation._tag === "deleteUserBy") {
    // The schedule does not know which user has the external id now.
    const userId = operation.by === "userId" ? call.userId : undefined
    return { userId, scopes: ["user:delete"], staticToken: undefined }
  }
  // The request looks for a user.
  return { userId: `external cust-${operation.user}`, scopes: ["user:read"], staticToken: undefined }
}

/** A token issued for a user and scopes never goes with a request for others. */
export const ownToken: Check = (history) => {
  const callById = new Map(history.calls.map((call) => [call.id, call]))
  return findFirst(history.requests, (request) => {
    const call = callById.get(request.call ?? -1)
    const issued = history.tokens.get(request.token ?? "")
    if (call === undefined || issued === undefined) return undefined
    const owner = rightfulOwner(call, request)
    const isOwner =
      owner === undefined
        ? issued.userId === undefined
        : (owner.userId === undefined
            ? issued.userId?.startsWith("external") === false
            : issued.userId === owner.userId) &&
          (owner.staticToken === undefined
            ? sameScopes(issued.scopes, owner.scopes)
            : issued.token === owner.staticToken)
    return isOwner
      ? undefined
      : {
          text: `request #${request.serial} of ${describe(call)} went with the token of ${issued.userId ?? "the application"} for ${issued.scopes.join(",")}`,
          calls: [call.id]
        }
  })
}

/** The tokens that the library keeps: requested by user id, and not through the schedule's own two steps. */
const keptTokens = (history: History) => {
  const callById = new Map(history.calls.map((call) => [call.id, call]))
  return [...history.tokens.values()].flatMap((issued) => {
    const exchange = history.requests[issued.serial]
    const call = callById.get(exchange?.call ?? -1)
    const isKept = issued.userId?.startsWith("external") === false && call?.operation._tag !== "getUserAccessToken"
    if (exchange === undefined || call === undefined || !isKept) return []
    const grant = history.requests.find(
      (request) => request.call === exchange.call && request.subject === `user ${issued.userId}`
    )
    // Its life counts from a moment between these.
    return [{ issued, exchange, earliest: call.started, latest: (grant ?? exchange).sent }]
  })
}

/** A token is renewed after half of its life, or a minute before it ends. */
const usableMillis = ({ userTokenLifetime }: History["settings"]): number =>
  userTokenLifetime - Math.min(60_000, userTokenLifetime / 2)

/** `authorize` by user id sends no request, and no token is requested while one for the same user and scopes is valid. */
export const oneToken: Check = (history) => {
  const lazy = history.calls.find(
    (call) =>
      call.operation._tag === "authorize" &&
      call.operation.by === "userId" &&
      history.requests.some((request) => request.call === call.id)
  )
  if (lazy !== undefined) return { text: `${describe(lazy)} sent a request`, calls: [lazy.id] }
  if (history.settings.tokenCapacity < 10_000) return undefined
  const kept = keptTokens(history)
  return findFirst(kept, ({ earliest, exchange, issued }) => {
    // Only tokens that certainly arrived count.
    const { evaluated } = exchange
    if (exchange.fault !== undefined || exchange.delivered !== 200 || evaluated === undefined) return undefined
    const until = earliest.at + usableMillis(history.settings)
    const again = kept.find(
      (other) =>
        other.issued.userId === issued.userId &&
        sameScopes(other.issued.scopes, issued.scopes) &&
        other.earliest.order > evaluated.order &&
        other.latest.at < until
    )
    if (again === undefined) return undefined
    const isBefore = ({ order }: { readonly order: number }) => order < again.exchange.sent.order
    const wasRefused = history.requests.some(
      ({ delivered, sent, token }) => token === issued.token && delivered === 401 && isBefore(sent)
    )
    const wasForgotten = deletions(history).some(({ started }) => isBefore(started))
    return wasRefused || wasForgotten
      ? undefined
      : {
          text: `request #${again.exchange.serial} requested a token while the one of request #${exchange.serial} was valid`,
          calls: []
        }
  })
}

/** No token from before the end of a deletion of its user goes with a call that begins after it. */
export const forgottenTokens: Check = (history) => {
  const callById = new Map(history.calls.map((call) => [call.id, call]))
  return findFirst(deletions(history), (deletion) => {
    const { ended } = deletion
    if (ended === undefined || (ownRequests(history, deletion).length === 0 && !hasBegun(deletion))) return undefined
    const used = history.requests.find(({ call: id, token }) => {
      const call = callById.get(id ?? -1)
      const issued = history.tokens.get(token ?? "")
      if (call === undefined || issued === undefined || call.session?.staticToken !== undefined) return false
      const askedFor = history.requests[issued.serial]
      return (
        issued.userId === deletion.userId &&
        call.started.order > ended.order &&
        (askedFor?.sent.order ?? 0) < ended.order
      )
    })
    return used === undefined
      ? undefined
      : {
          text: `request #${used.serial} went with a token from before ${describe(deletion)} ended`,
          calls: [deletion.id, ...(used.call === undefined ? [] : [used.call])]
        }
  })
}
