/** Which users are created. */
import { type Call, type History, isApplied, type OriginRequest } from "../history.js"
import { isNotProcessed, isOwn } from "./calls.js"
import { type Check, describe, findFirst } from "./check.js"

/** Two creations in one call, the second after a first that may have been processed, without a look in between. */
const blindCreation = (history: History, call: Call) => {
  let last: OriginRequest | undefined
  for (const request of history.requests) {
    if (request.call !== call.id) continue
    const isLook =
      request.path === "/api/v1/oauth/authorization-grant" && request.subject?.startsWith("external") === true
    if (isLook && request.delivered === 404) last = undefined
    if (!isOwn(call, request)) continue
    if (last !== undefined && !isNotProcessed(last)) return { last, request }
    last = request
  }
  return undefined
}

/** `ensureUser` creates again only after it has looked for the user, and returns the user with the external id. */
export const oneUser: Check = (history) =>
  findFirst(history.calls, (call) => {
    if (call.operation._tag !== "ensureUser") return undefined
    const blind = blindCreation(history, call)
    if (blind !== undefined) {
      return {
        text: `${describe(call)} sent request #${blind.request.serial}, without looking for the user that #${blind.last.serial} may have created`,
        calls: [call.id]
      }
    }
    const ending = call.ended?.ending
    if (ending?._tag !== "Success") return undefined
    const externalUserId = `cust-${call.operation.user}`
    const creations = history.requests.filter(
      (request) =>
        request.path === "/api/v1/user/create" && request.subject === `external ${externalUserId}` && isApplied(request)
    )
    const known = history.created.filter((user) => user.externalUserId === externalUserId)
    // Some answers were unreadable.
    if (known.length < creations.length) return undefined
    const isThere = known.some(({ serial, userId }) => {
      const created = history.requests[serial]?.evaluated
      const deleted = history.requests.find(
        (request) =>
          request.path === "/api/v1/user/delete" &&
          isApplied(request) &&
          history.tokens.get(request.token ?? "")?.userId === userId
      )?.evaluated
      return (
        userId === ending.userId &&
        created !== undefined &&
        created.order < (call.ended?.order ?? 0) &&
        (deleted === undefined || deleted.order > call.started.order)
      )
    })
    return isThere
      ? undefined
      : { text: `${describe(call)} returned a user that did not have the external id`, calls: [call.id] }
  })
