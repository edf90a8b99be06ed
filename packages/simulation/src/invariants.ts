/** What must hold of every history, whatever happened in it: the promises of the library, one by one. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import { type Call, type Ending, type History, isApplied, type OriginRequest } from "./history.js"
import type { OperationName } from "./schedule.js"

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
  | "own token"
  | "one token"
  | "forgotten tokens"
  | "one user"
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
  _tag === "refreshCredential" || _tag === "deleteCredential" || isDeletion(_tag)

const isDeletion = (tag: OperationName): boolean => tag === "deleteUser" || tag === "deleteUserBy"

/** Whether a path, or its template, is what an operation is about, rather than what it takes to get there. */
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

const isOwn = (call: Call, { grantType, path }: OriginRequest): boolean =>
  isOwnPath(call, path) || (call.operation._tag === "getUserAccessToken" && grantType === "authorization_code")

/** Whether a failure is of the request that the call is about, not of the fetch of a token for it. */
const isOwnRoute = (call: Call, route: string | undefined): boolean => isOwnPath(call, route ?? "")

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

/** Whether a change without a request of its own has got as far as trying to make one. */
const hasBegun = ({ ended, left, operation }: Call): boolean => {
  // Who left may have done so before, and whom an external id names may not have been found.
  if (left !== undefined || (operation._tag === "deleteUserBy" && operation.by === "externalUserId")) return false
  // Without a route the session or the input was refused.
  return ended?.ending._tag !== "Failure" || ended.ending.route !== undefined
}

const freshAfterInvalidation: Check = (history) => {
  const reads = answeredReads(history)
  return findFirst(endedMutations(history), ({ call, ended, own }) => {
    if (own.length === 0 && !hasBegun(call)) return undefined
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

/** A grant and an exchange, and a look with their token; each part may be done a second time. */
const requestsToFind = 2 * (2 * 2 + 1)

/** How many calls of the HTTP layer, each with a deadline of its own, an operation makes one after the other. */
const requestsInARow = ({ operation }: Call): number => {
  if (operation._tag === "ensureUser") return 3 * (1 + requestsToFind)
  return "by" in operation && operation.by === "externalUserId" ? 1 + requestsToFind : 1
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
    // Who is deleted while they are being ensured is created again: see `oneUser`.
    if (call.operation._tag === "ensureUser") return undefined
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
    // Deleting a user twice deletes nobody else.
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
    if (ending?._tag !== "Failure") return undefined
    const isNotFound =
      call.operation._tag === "deleteCredential"
        ? ending.reason === "NotFound" && isOwnRoute(call, ending.route)
        : isDeletion(call.operation._tag) && isGone(call, ending)
    const applied = isNotFound ? ownRequests(history, call).find(isApplied) : undefined
    return applied === undefined
      ? undefined
      : { text: `${name(call)} found nothing, because its own request #${applied.serial} deleted it`, calls: [call.id] }
  })

/** Nobody to get a token for, or a token that is dead for good where there is a way to another one. */
const isGone = (call: Call, { reason, route }: Ending & { readonly _tag: "Failure" }): boolean =>
  reason === "NotFound" ||
  (reason === "Unauthorized" && isOwnRoute(call, route) && call.session?.bareToken === undefined)

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
// Whose tokens are used
// ---------------------------------------------------------------------------------------------------------------------

/** What a token that goes with a request of a call must be for; nothing when only the application's own will do. */
const rightfulOwner = (call: Call, { path }: OriginRequest) => {
  const { operation, session } = call
  if (path.startsWith("/api/v1/oauth/") || path === "/api/v1/user/create") return undefined
  if (session !== undefined) return session
  if (path === "/api/v1/user/delete" && operation._tag === "deleteUserBy") {
    // Who has an external id by now is not for the schedule to know.
    const userId = operation.by === "userId" ? call.userId : undefined
    return { userId, scopes: ["user:delete"], bareToken: undefined }
  }
  // Somebody is looked for.
  return { userId: `external cust-${operation.user}`, scopes: ["user:read"], bareToken: undefined }
}

const ownToken: Check = (history) => {
  const callById = new Map(history.calls.map((call) => [call.id, call]))
  return findFirst(history.requests, (request) => {
    const call = callById.get(request.call ?? -1)
    const issued = history.tokens.get(request.token ?? "")
    if (call === undefined || issued === undefined) return undefined
    const owner = rightfulOwner(call, request)
    const isTheirs =
      owner === undefined
        ? issued.userId === undefined
        : (owner.userId === undefined
            ? issued.userId?.startsWith("external") === false
            : issued.userId === owner.userId) &&
          (owner.bareToken === undefined ? sameScopes(issued.scopes, owner.scopes) : issued.token === owner.bareToken)
    return isTheirs
      ? undefined
      : {
          text: `request #${request.serial} of ${name(call)} went with the token of ${issued.userId ?? "the application"} for ${issued.scopes.join(",")}`,
          calls: [call.id]
        }
  })
}

/** The tokens that were fetched to be kept: for a user by id, and not by the schedule's own two steps to one. */
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
    // When somebody tried to get it, from when its life counts, was between these.
    return [{ issued, exchange, earliest: call.started, latest: (grant ?? exchange).sent }]
  })
}

/** A token is renewed when half of its life is over, or a minute before it ends. */
const usableMillis = ({ userTokenLifetime }: History["settings"]): number =>
  userTokenLifetime - Math.min(60_000, userTokenLifetime / 2)

const deletions = (history: History): ReadonlyArray<Call> =>
  history.calls.filter(({ operation }) => isDeletion(operation._tag))

const oneToken: Check = (history) => {
  const lazy = history.calls.find(
    (call) =>
      call.operation._tag === "authorize" &&
      call.operation.by === "userId" &&
      history.requests.some((request) => request.call === call.id)
  )
  if (lazy !== undefined) return { text: `${name(lazy)} sent a request`, calls: [lazy.id] }
  if (history.settings.tokenCapacity < 10_000) return undefined
  const kept = keptTokens(history)
  return findFirst(kept, ({ earliest, exchange, issued }) => {
    // Of which it is certain that it arrived.
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
          text: `request #${again.exchange.serial} fetched a token for what the one of request #${exchange.serial} was still good for`,
          calls: []
        }
  })
}

const forgottenTokens: Check = (history) => {
  const callById = new Map(history.calls.map((call) => [call.id, call]))
  return findFirst(deletions(history), (deletion) => {
    const { ended } = deletion
    if (ended === undefined || (ownRequests(history, deletion).length === 0 && !hasBegun(deletion))) return undefined
    const used = history.requests.find(({ call: id, token }) => {
      const call = callById.get(id ?? -1)
      const issued = history.tokens.get(token ?? "")
      if (call === undefined || issued === undefined || call.session?.bareToken !== undefined) return false
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
          text: `request #${used.serial} went with a token from before ${name(deletion)} ended`,
          calls: [deletion.id, ...(used.call === undefined ? [] : [used.call])]
        }
  })
}

// ---------------------------------------------------------------------------------------------------------------------
// Who is created
// ---------------------------------------------------------------------------------------------------------------------

/** Creations of one call, of which a second one follows a first that may have been processed without a look in between. */
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

const oneUser: Check = (history) =>
  findFirst(history.calls, (call) => {
    if (call.operation._tag !== "ensureUser") return undefined
    const blind = blindCreation(history, call)
    if (blind !== undefined) {
      return {
        text: `${name(call)} sent request #${blind.request.serial}, although nobody had looked what became of #${blind.last.serial}`,
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
    // Not all answers could be read.
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
      : { text: `${name(call)} returned somebody who was not the user with that external id`, calls: [call.id] }
  })

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

/** A minted session without the scope is refused before anything is looked for; a bare one claims all scopes. */
const mayRead = ({ session }: Call): boolean =>
  session?.bareToken !== undefined || session?.scopes.includes("credentials:read") === true

const isCached = (call: Call): boolean =>
  isRead(call) && mayRead(call) && !("bypass" in call.operation && call.operation.bypass)

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
  ["own token", ownToken],
  ["one user", oneUser],
  ["refused tokens", refusedTokens],
  ["forgotten tokens", forgottenTokens],
  ["one token", oneToken],
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
