/** How calls end. */
import type { Call, Ending } from "../history.js"
import { type Check, describe, findFirst } from "./check.js"

/** The error of a read whose lookup was interrupted. The layers close only when all calls have ended. */
const isInterruption = (ending: Ending | undefined): boolean =>
  ending?._tag === "Interrupted" ||
  (ending?._tag === "Failure" && ending.detail.includes("the layer of the cache was closed"))

/** A caller that stays is never interrupted, and no caller dies. */
export const undisturbed: Check = (history) =>
  findFirst(history.calls, (call) => {
    const ending = call.ended?.ending
    if (ending?._tag === "Defect") return { text: `${describe(call)} died: ${ending.detail}`, calls: [call.id] }
    if (!isInterruption(ending) || call.left !== undefined) return undefined
    return { text: `${describe(call)} was interrupted, although its caller stayed`, calls: [call.id] }
  })

/** Authorization, exchange, and a read with that token. Each may happen twice. */
const requestsToFind = 2 * (2 * 2 + 1)

/** How many requests of the HTTP layer, each with its own deadline, an operation sends one after the other. */
const requestsInARow = ({ operation }: Call): number => {
  if (operation._tag === "ensureUser") return 3 * (1 + requestsToFind)
  return "by" in operation && operation.by === "externalUserId" ? 1 + requestsToFind : 1
}

/** Every caller is answered within its deadline. A caller that gives up ends at once. */
export const deadline: Check = (history) =>
  findFirst(history.calls, (call) => {
    const { ended, left, started } = call
    if (ended === undefined) return undefined
    const took = ended.at - started.at
    if (took > requestsInARow(call) * history.settings.deadline) {
      return { text: `${describe(call)} took ${took} ms`, calls: [call.id] }
    }
    return left !== undefined && ended.at > left.at
      ? { text: `${describe(call)} went on for ${ended.at - left.at} ms after its caller had left`, calls: [call.id] }
      : undefined
  })

/** No caller, fiber or timer is left at the end, nor after the layers are closed. */
export const nothingRemains: Check = ({ calls, leftAtEnd, leftAtRest }) => {
  const unanswered = calls.filter(({ ended }) => ended === undefined).map(({ id }) => id)
  if (leftAtRest !== undefined) return { text: `left when all was over: ${leftAtRest}`, calls: unanswered }
  return leftAtEnd === undefined
    ? undefined
    : { text: `left when the layers were closed: ${leftAtEnd}`, calls: unanswered }
}
