/** What must hold of every history, whatever happened in it: the promises of the library, one by one. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import { type Call, type History, isApplied, type OriginRequest } from "./history.js"

export type InvariantName =
  | "never stale"
  | "fresh after invalidation"
  | "time to live"
  | "never shared"
  | "quarantine"
  | "undisturbed"
  | "deadline"
  | "nothing remains"
  | "applied once"
  | "never sent again"
  | "honest failures"
  | "deleted is deleted"
  | "refused tokens"
  | "bounded"
  | "counters"
  | "one lookup"

export interface Violation {
  readonly invariant: InvariantName
  /** What broke it, in words. */
  readonly text: string
  /** The calls that the words are about. */
  readonly calls: ReadonlyArray<number>
}

type Check = (history: History) => { readonly text: string; readonly calls: ReadonlyArray<number> } | undefined

// ---------------------------------------------------------------------------------------------------------------------
// Who did what
// ---------------------------------------------------------------------------------------------------------------------

const isRead = ({ operation: { _tag } }: Call): boolean => _tag === "listCredentials" || _tag === "getCredential"

const isMutation = ({ operation: { _tag } }: Call): boolean =>
  _tag === "deleteUser" || _tag === "refreshCredential" || _tag === "deleteCredential"

/** Whether a request is what its call is about, rather than the fetch of a token for it. */
const isOwn = ({ operation: { _tag } }: Call, { grantType, path }: OriginRequest): boolean => {
  if (_tag === "createAuthorization") return path === "/api/v1/oauth/authorization-grant"
  if (_tag === "getUserAccessToken") return grantType === "authorization_code"
  return _tag !== "authorize" && !path.startsWith("/api/v1/oauth/")
}

/** Whether a failure is of the request that the call is about, not of the fetch of a token for it. */
const isOwnRoute = ({ operation }: Call, route: string | undefined): boolean =>
  operation._tag === "createAuthorization"
    ? route === "/api/v1/oauth/authorization-grant"
    : route?.startsWith("/api/v1/oauth/") === false

const ownRequests = (history: History, call: Call): ReadonlyArray<OriginRequest> =>
  history.requests.filter((request) => request.call === call.id && isOwn(call, request))

interface AnsweredRead {
  readonly read: Call
  /** The request that its value came with. */
  readonly source: OriginRequest
}

const answeredReads = (history: History): ReadonlyArray<AnsweredRead> =>
  history.calls.flatMap((read) => {
    const ending = read.ended?.ending
    if (!isRead(read) || ending?._tag !== "Success") return []
    const source = history.requests[ending.serial ?? -1]
    if (source === undefined) throw new Error(`the value of call ${read.id} does not say where it is from`)
    return [{ read, source }]
  })

const endedMutations = (history: History) =>
  history.calls.flatMap((call) =>
    isMutation(call) && call.ended !== undefined ? [{ call, ended: call.ended, own: ownRequests(history, call) }] : []
  )

const findFirst = <A, B>(from: ReadonlyArray<A>, find: (value: A) => B | undefined): B | undefined => {
  for (const value of from) {
    const found = find(value)
    if (found !== undefined) return found
  }
  return undefined
}

const name = (call: Call): string => `caller ${call.id}'s ${call.operation._tag}`

// ---------------------------------------------------------------------------------------------------------------------
// What reads return
// ---------------------------------------------------------------------------------------------------------------------

const neverStale: Check = (history) => {
  const reads = answeredReads(history)
  return findFirst(endedMutations(history), ({ call, ended, own }) =>
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
            text: `${name(stale.read)} returned what request #${stale.source.serial} had seen, before ${name(call)} was applied by request #${request.serial}, although both had ended when the read began`,
            calls: [stale.read.id, call.id]
          }
    })
  )
}

const freshAfterInvalidation: Check = (history) => {
  const reads = answeredReads(history)
  return findFirst(endedMutations(history), ({ call, ended, own }) => {
    // One who left before anything was sent may not have begun.
    if (call.left !== undefined && own.length === 0) return undefined
    const atLeast = Math.max(call.started.order, ...own.map(({ sent }) => sent.order))
    const old = reads.find(
      ({ read, source }) =>
        read.userId === call.userId && read.started.order > ended.order && source.sent.order < atLeast
    )
    return old === undefined
      ? undefined
      : {
          text: `${name(old.read)} was answered by request #${old.source.serial}, which was sent before ${name(call)} ended`,
          calls: [old.read.id, call.id]
        }
  })
}

const timeToLive: Check = (history) =>
  findFirst(answeredReads(history), ({ read, source }) => {
    const age = read.started.at - source.sent.at
    return age < history.settings.timeToLive
      ? undefined
      : { text: `${name(read)} returned a value whose request was sent ${age} ms before the read`, calls: [read.id] }
  })

const sameScopes = (left: ReadonlyArray<string>, right: ReadonlyArray<string>): boolean =>
  Arr.sort(left, Order.string).join() === Arr.sort(right, Order.string).join()

const neverShared: Check = (history) => {
  const bareTokens = new Set(history.calls.map(({ session }) => session?.bareToken))
  return findFirst(answeredReads(history), ({ read, source }) => {
    const { session } = read
    const issued = history.tokens.get(source.token ?? "")
    if (session === undefined || issued === undefined) throw new Error(`call ${read.id} read without a token`)
    const isTheirs =
      issued.userId === session.userId &&
      issued.scopes.includes("credentials:read") &&
      (session.bareToken === undefined
        ? !bareTokens.has(issued.token) && sameScopes(issued.scopes, session.scopes)
        : session.bareToken === issued.token)
    return isTheirs
      ? undefined
      : {
          text: `${name(read)} was answered by request #${source.serial}, which was sent with a token that is not for that session`,
          calls: [read.id]
        }
  })
}

const quarantine: Check = (history) => {
  const reads = answeredReads(history)
  return findFirst(endedMutations(history), ({ call, ended }) => {
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
          text: `${name(shared.read)} had no request of its own, although ${name(call)} had ended without anyone knowing whether it was or will be applied`,
          calls: [shared.read.id, call.id]
        }
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// What becomes of callers
// ---------------------------------------------------------------------------------------------------------------------

const undisturbed: Check = (history) =>
  findFirst(history.calls, (call) => {
    const ending = call.ended?.ending
    if (ending?._tag === "Defect") return { text: `${name(call)} died: ${ending.detail}`, calls: [call.id] }
    if (ending?._tag !== "Interrupted" || call.left !== undefined) return undefined
    return { text: `${name(call)} was interrupted, although its caller stayed`, calls: [call.id] }
  })

/** How many calls of the HTTP layer, each with a deadline of its own, an operation makes one after the other. */
const requestsInARow = ({ operation }: Call): number => {
  if (operation._tag !== "authorize") return 1
  return operation.by === "userId" ? 2 : 5
}

const deadline: Check = (history) =>
  findFirst(history.calls, (call) => {
    const { ended, left, started } = call
    if (ended === undefined) return undefined
    const took = ended.at - started.at
    if (took > requestsInARow(call) * history.settings.deadline) {
      return { text: `${name(call)} took ${took} ms`, calls: [call.id] }
    }
    return left !== undefined && ended.at > left.at
      ? { text: `${name(call)} went on for ${ended.at - left.at} ms after its caller had left`, calls: [call.id] }
      : undefined
  })

const nothingRemains: Check = ({ calls, leftAtEnd, leftAtRest }) => {
  const unanswered = calls.filter(({ ended }) => ended === undefined).map(({ id }) => id)
  if (leftAtRest !== undefined) return { text: `left when all was over: ${leftAtRest}`, calls: unanswered }
  return leftAtEnd === undefined
    ? undefined
    : { text: `left when the layers were closed: ${leftAtEnd}`, calls: unanswered }
}

// ---------------------------------------------------------------------------------------------------------------------
// What mutations do
// ---------------------------------------------------------------------------------------------------------------------

const changes = (history: History): ReadonlyArray<Call> => history.calls.filter((call) => !isRead(call))

const appliedOnce: Check = (history) =>
  findFirst(changes(history), (call) => {
    const applied = ownRequests(history, call).filter(isApplied)
    return applied.length < 2
      ? undefined
      : {
          text: `${name(call)} was applied ${applied.length} times, by the requests ${applied.map(({ serial }) => `#${serial}`).join(", ")}`,
          calls: [call.id]
        }
  })

/** Answers after which a request was surely not processed. */
const isNotProcessed = ({ delivered }: OriginRequest): boolean => delivered === 429 || delivered === 401

/** A token for the application, or a code on the way to a user's token, more or less changes nothing. */
const isHarmless = (history: History, request: OriginRequest): boolean =>
  request.grantType === "client_credentials" ||
  (request.path === "/api/v1/oauth/authorization-grant" &&
    history.calls.some((call) => call.id === request.call && !isOwn(call, request)))

const neverSentAgain: Check = (history) => {
  const lastByTrace = new Map<string, OriginRequest>()
  return findFirst(history.requests, (request) => {
    if (request.method !== "POST" || isHarmless(history, request)) return undefined
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

const honestFailures: Check = (history) =>
  findFirst(changes(history), (call) => {
    const ending = call.ended?.ending
    if (ending?._tag !== "Failure" || ending.isAmbiguous) return undefined
    const applied = ownRequests(history, call).find(isApplied)
    return applied === undefined
      ? undefined
      : {
          text: `${name(call)} failed as if it had surely not been applied, but request #${applied.serial} was`,
          calls: [call.id]
        }
  })

const deletedIsDeleted: Check = (history) =>
  findFirst(history.calls, (call) => {
    const ending = call.ended?.ending
    if (call.operation._tag !== "deleteCredential" || ending?._tag !== "Failure") return undefined
    const isNotFound = ending.reason === "NotFound" && isOwnRoute(call, ending.route)
    const applied = isNotFound ? ownRequests(history, call).find(isApplied) : undefined
    return applied === undefined
      ? undefined
      : { text: `${name(call)} found nothing, because its own request #${applied.serial} deleted it`, calls: [call.id] }
  })

const refusedTokens: Check = (history) =>
  findFirst(history.calls, (call) => {
    const ending = call.ended?.ending
    const canRenew = call.session === undefined || isMinted(call)
    if (!canRenew || ending?._tag !== "Failure" || ending.reason !== "Unauthorized") return undefined
    if (!isOwnRoute(call, ending.route)) return undefined
    const refused = ownRequests(history, call).filter(({ delivered }) => delivered === 401)
    return refused.length === 0 || new Set(refused.map(({ token }) => token)).size > 1
      ? undefined
      : { text: `${name(call)} failed with a token that was refused, without a try with a new one`, calls: [call.id] }
  })

const isMinted = ({ session }: Call): boolean => session !== undefined && session.bareToken === undefined

// ---------------------------------------------------------------------------------------------------------------------
// What the cache holds and counts
// ---------------------------------------------------------------------------------------------------------------------

const bounded: Check = ({ audits, maxSize, settings: { capacity } }) => {
  if (maxSize > capacity) return { text: `${maxSize} entries with a capacity of ${capacity}`, calls: [] }
  const audit = audits.find(({ hits }) => hits > capacity)
  return audit === undefined
    ? undefined
    : { text: `${audit.hits} different values were stored at once with a capacity of ${capacity}`, calls: [] }
}

const isCached = ({ operation }: Call): boolean =>
  (operation._tag === "listCredentials" || operation._tag === "getCredential") && !operation.bypass

const counters: Check = ({ calls, counters: { bypasses, hits, joins, misses } }) => {
  const reads = calls.filter(isCached)
  const stayed = reads.filter(({ left }) => left === undefined).length
  const counted = hits + joins + misses + bypasses
  return counted >= stayed && counted <= reads.length
    ? undefined
    : {
        text: `${hits} hits, ${joins} joins, ${misses} misses and ${bypasses} bypasses of ${reads.length} reads, of which ${reads.length - stayed} were given up`,
        calls: []
      }
}

const oneLookup: Check = (history) => {
  const cached = new Set(history.calls.filter(isCached).map(({ id }) => id))
  const lookups = new Set(
    history.requests
      .filter(({ call, method, path }) => method === "GET" && path.includes("/credentials/") && cached.has(call ?? -1))
      .map(({ traceId }) => traceId)
  ).size
  const { bypasses, misses } = history.counters
  return lookups <= misses + bypasses
    ? undefined
    : { text: `${lookups} lookups for ${misses} misses and ${bypasses} bypasses`, calls: [] }
}

/** In the order in which they are looked at: the first that is broken tells the story. */
const checks: ReadonlyArray<readonly [InvariantName, Check]> = [
  ["never shared", neverShared],
  ["never stale", neverStale],
  ["quarantine", quarantine],
  ["fresh after invalidation", freshAfterInvalidation],
  ["time to live", timeToLive],
  ["undisturbed", undisturbed],
  ["applied once", appliedOnce],
  ["never sent again", neverSentAgain],
  ["deleted is deleted", deletedIsDeleted],
  ["honest failures", honestFailures],
  ["refused tokens", refusedTokens],
  ["nothing remains", nothingRemains],
  ["deadline", deadline],
  ["bounded", bounded],
  ["counters", counters],
  ["one lookup", oneLookup]
]

/** All that is broken, the first of each promise. */
export const violations = (history: History): ReadonlyArray<Violation> =>
  checks.flatMap(([invariant, check]) => {
    const found = check(history)
    return found === undefined ? [] : [{ invariant, ...found }]
  })
