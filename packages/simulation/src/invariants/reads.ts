/** What reads return. */
import { isApplied } from "../history.js"
import { answeredReads, endedChanges, hasBegun, sameScopes } from "./calls.js"
import { type Check, describe, findFirst } from "./check.js"

/**
 * A read that begins after an applied change has ended never returns a value from before that change. This includes a
 * change that is applied after its call has ended, within the quarantine.
 */
export const neverStale: Check = (history) => {
  const reads = answeredReads(history)
  return findFirst(endedChanges(history), ({ call, ended, own }) =>
    findFirst(own, (request) => {
      const { evaluated } = request
      if (evaluated === undefined || !isApplied(request)) return undefined
      if (evaluated.at >= ended.at + history.settings.quarantine) return undefined
      const stale = reads.find(
        ({ read, source }) =>
          read.userId === call.userId &&
          read.started.order > Math.max(ended.order, evaluated.order) &&
          (source.evaluated?.order ?? 0) < evaluated.order
      )
      return stale === undefined
        ? undefined
        : {
            text: `${describe(stale.read)} returned what request #${stale.source.serial} had seen, before ${describe(call)} was applied by request #${request.serial}, although both had ended when the read began`,
            calls: [stale.read.id, call.id]
          }
    })
  )
}

/** A read that begins after a change has ended is never answered by a request from before it, also when the change failed. */
export const freshAfterInvalidation: Check = (history) => {
  const reads = answeredReads(history)
  return findFirst(endedChanges(history), ({ call, ended, own }) => {
    if (own.length === 0 && !hasBegun(call)) return undefined
    const atLeast = Math.max(call.started.order, ...own.map(({ sent }) => sent.order))
    const old = reads.find(
      ({ read, source }) =>
        read.userId === call.userId && read.started.order > ended.order && source.sent.order < atLeast
    )
    return old === undefined
      ? undefined
      : {
          text: `${describe(old.read)} was answered by request #${old.source.serial}, which was sent before ${describe(call)} ended`,
          calls: [old.read.id, call.id]
        }
  })
}

/** A value is younger than its time to live, counted from when its request was sent. */
export const timeToLive: Check = (history) =>
  findFirst(answeredReads(history), ({ read, source }) => {
    const age = read.started.at - source.sent.at
    return age < history.settings.timeToLive
      ? undefined
      : {
          text: `${describe(read)} returned a value whose request was sent ${age} ms before the read`,
          calls: [read.id]
        }
  })

/** A value came with a token of the same user: the same token (static session) or the same scopes (renewable session). */
export const neverShared: Check = (history) => {
  const staticTokens = new Set(history.calls.map(({ session }) => session?.staticToken))
  return findFirst(answeredReads(history), ({ read, source }) => {
    const { session } = read
    const issued = history.tokens.get(source.token ?? "")
    if (session === undefined || issued === undefined) throw new Error(`call ${read.id} read without a token`)
    const isOwner =
      issued.userId === session.userId &&
      issued.scopes.includes("credentials:read") &&
      (session.staticToken === undefined
        ? !staticTokens.has(issued.token) && sameScopes(issued.scopes, session.scopes)
        : session.staticToken === issued.token)
    return isOwner
      ? undefined
      : {
          text: `${describe(read)} was answered by request #${source.serial}, which was sent with a token that is not for that session`,
          calls: [read.id]
        }
  })
}

/** After an ambiguous outcome every read has a request of its own. */
export const quarantine: Check = (history) => {
  const reads = answeredReads(history)
  return findFirst(endedChanges(history), ({ call, ended }) => {
    if (ended.ending._tag !== "Failure" || !ended.ending.isAmbiguous) return undefined
    const shared = reads.find(
      ({ read, source }) =>
        read.userId === call.userId &&
        read.started.order > ended.order &&
        read.started.at < ended.at + history.settings.quarantine &&
        source.call !== read.id
    )
    return shared === undefined
      ? undefined
      : {
          text: `${describe(shared.read)} had no request of its own, although ${describe(call)} had an ambiguous outcome`,
          calls: [shared.read.id, call.id]
        }
  })
}
