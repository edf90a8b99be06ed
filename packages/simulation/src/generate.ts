/** Makes a schedule from a seed, rich in hard cases: coincidences, faults, and callers that give up. */
import * as Prng from "./prng.js"
import type {
  Action,
  Fault,
  FaultKind,
  Operation,
  OperationName,
  Pause,
  Schedule,
  ScopeSet,
  Settings,
  Step,
  Target
} from "./schedule.js"

const randomSettings = (prng: Prng.Prng): Settings => ({
  capacity: prng.pick([1, 2, 3, 100, 100]),
  timeToLive: prng.pick([1500, 6000]),
  quarantine: 8000,
  attemptTimeout: 2000,
  deadline: 5000,
  maxRetries: prng.pick([1, 2, 3]),
  clientTokenLifetime: prng.pick([20_000, 1_800_000]),
  userTokenLifetime: prng.pick([15_000, 7_200_000]),
  rateLimitedRefresh: prng.pick(["429", "204"]),
  tokenCapacity: prng.pick([1, 2, 10_000, 10_000, 10_000])
})

const shortMoments = [0, 0, 1, 30, 400] as const

/** Just before, at, and just after the times at which something expires. */
const moments = [
  1000, 1499, 1500, 1999, 2000, 2001, 3500, 4999, 5000, 5999, 6000, 7000, 7499, 7500, 7999, 8000, 8001, 13_000
] as const

const millis = (count: number): Pause => ({ _tag: "Millis", count })
const tasks = (count: number): Pause => ({ _tag: "Tasks", count })

const rest = millis(0)
const none = tasks(0)

const randomPause = (prng: Prng.Prng): Pause => {
  if (prng.chance(0.4)) return tasks(prng.below(40))
  return millis(prng.pick(prng.chance(0.6) ? shortMoments : moments))
}

interface SessionSlot {
  readonly isRenewable: boolean
  readonly scopes: ScopeSet
  /** The probability that a user has it from the start. */
  readonly probability: number
}

/** Pairs that must share values, and pairs that must not. */
const sessionSlots: ReadonlyArray<SessionSlot> = [
  { isRenewable: true, scopes: "all", probability: 1 },
  { isRenewable: true, scopes: "read", probability: 0.35 },
  { isRenewable: false, scopes: "all", probability: 0.35 },
  { isRenewable: false, scopes: "all", probability: 0.35 },
  { isRenewable: false, scopes: "change", probability: 0.1 },
  { isRenewable: true, scopes: "all", probability: 0.2 }
]

const targetOf: Record<OperationName, Target> = {
  createUser: "createUser",
  ensureUser: "createUser",
  deleteUser: "deleteUser",
  deleteUserBy: "deleteUser",
  authorize: "grant",
  createAuthorization: "grant",
  getUserAccessToken: "token",
  listCredentials: "list",
  getCredential: "get",
  refreshCredential: "refresh",
  deleteCredential: "delete"
}

const randomStatusFault = (prng: Prng.Prng): FaultKind => {
  const status = prng.pick([429, 429, 503, 500, 401, 401, 408, 403])
  if (status !== 429 || prng.chance(0.4)) return { kind: "status", status }
  return { kind: "status", status, retryAfter: prng.pick([0, 1, 2, 4, 60]), asDate: prng.chance(0.3) }
}

const faultKinds = [
  "delay",
  "delay",
  "drop-after",
  "status",
  "status",
  "slow-body",
  "cut-body",
  "garbage",
  "drop-before"
] as const

const randomFaultKind = (prng: Prng.Prng): FaultKind => {
  const kind = prng.pick(faultKinds)
  switch (kind) {
    case "delay":
    case "slow-body":
      return { kind, milliseconds: prng.pick([1, 300, 1500, 1999, 2000, 2500, 4000, 6000, 9000, 12_000]) }
    case "status":
      return randomStatusFault(prng)
    default:
      return { kind }
  }
}

const randomFault = (prng: Prng.Prng, operation: OperationName): Fault => ({
  ...randomFaultKind(prng),
  target: prng.chance(0.75) ? targetOf[operation] : prng.pick(["token", "grant", "any", "identity"]),
  times: prng.pick([1, 1, 1, 2, 4])
})

const randomUser = (prng: Prng.Prng, users: number): number => (prng.chance(0.65) ? 0 : prng.below(users))

const operationNames = [
  ...Array<OperationName>(16).fill("listCredentials"),
  ...Array<OperationName>(8).fill("getCredential"),
  ...Array<OperationName>(6).fill("refreshCredential"),
  ...Array<OperationName>(4).fill("deleteCredential"),
  ...Array<OperationName>(3).fill("authorize"),
  "deleteUser",
  "deleteUserBy",
  "createUser",
  "ensureUser",
  "createAuthorization",
  "getUserAccessToken"
] as const satisfies ReadonlyArray<OperationName>

const randomOperation = (prng: Prng.Prng, users: number): Operation => {
  const _tag = operationNames[prng.below(operationNames.length)] ?? "listCredentials"
  const user = randomUser(prng, users)
  const session = prng.chance(0.5) ? 0 : prng.below(sessionSlots.length)
  const scopes = sessionSlots[session]?.scopes ?? "all"
  const credential = prng.below(2)
  const bypass = prng.chance(0.06)
  switch (_tag) {
    case "createUser":
    case "ensureUser":
      return { _tag, user }
    case "deleteUserBy":
      return { _tag, user, by: prng.pick(["userId", "externalUserId"]) }
    case "authorize":
      return { _tag, user, session, scopes, by: prng.pick(["userId", "userId", "externalUserId"]) }
    case "createAuthorization":
      return { _tag, user, session, scopes }
    case "listCredentials":
      return { _tag, user, session, bypass }
    case "getCredential":
      return { _tag, user, session, credential, bypass }
    case "refreshCredential":
    case "deleteCredential":
      return { _tag, user, session, credential }
    default:
      return { _tag, user, session }
  }
}

const randomLeave = (prng: Prng.Prng): Pause | undefined => {
  if (!prng.chance(0.14)) return undefined
  return prng.chance(0.6) ? tasks(1 + prng.below(60)) : millis(prng.pick(moments))
}

/** Creates users with banks and sessions. */
const setUpSteps = (prng: Prng.Prng, users: number, nextId: () => number): ReadonlyArray<Step> => {
  const numbers = Array.from({ length: users }, (_, user) => user)
  const call = (operation: Operation, pause: Pause): Step => ({
    pause,
    action: { _tag: "Call", id: nextId(), operation }
  })
  const slots = numbers.flatMap((user) =>
    sessionSlots.flatMap((slot, session) => (prng.chance(slot.probability) ? [{ ...slot, user, session }] : []))
  )
  return [
    ...numbers.map((user) => call({ _tag: "createUser", user }, none)),
    ...numbers.flatMap((user) =>
      [rest, ...(prng.chance(0.6) ? [none] : [])].map((pause): Step => ({
        pause,
        action: { _tag: "ConnectBank", user }
      }))
    ),
    ...slots.map(({ isRenewable, scopes, session, user }) =>
      call(
        isRenewable
          ? { _tag: "authorize", user, session, scopes, by: "userId" }
          : { _tag: "createAuthorization", user, session, scopes },
        none
      )
    ),
    ...slots
      .filter(({ isRenewable }) => !isRenewable)
      .map(({ session, user }, index) => call({ _tag: "getUserAccessToken", user, session }, index === 0 ? rest : none))
  ]
}

const randomRareAction = (prng: Prng.Prng, users: number): Action => {
  if (prng.chance(0.4)) return { _tag: "ConnectBank", user: randomUser(prng, users) }
  if (prng.chance(0.3)) return { _tag: "Audit" }
  return { _tag: "RevokeTokens", user: prng.chance(0.4) ? "all" : randomUser(prng, users) }
}

/** The faults of a request and its retries, often none. */
const randomFaults = (prng: Prng.Prng, operation: OperationName): ReadonlyArray<Fault> => {
  if (!prng.chance(0.35)) return []
  return [randomFault(prng, operation), ...(prng.chance(0.35) ? [randomFault(prng, operation)] : [])]
}

/** When the same is requested again: at once, or when a value may have expired. */
const repetitions = (prng: Prng.Prng, operation: Operation): ReadonlyArray<Pause> => {
  const isRead = operation._tag === "listCredentials" || operation._tag === "getCredential"
  return [
    ...(prng.chance(0.25) ? [tasks(prng.below(30))] : []),
    ...(isRead && prng.chance(0.4) ? [randomPause(prng)] : []),
    ...(isRead && prng.chance(0.2) ? [randomPause(prng)] : [])
  ]
}

/** Some calls of one operation, with or without faults. */
const randomSteps = (prng: Prng.Prng, users: number, nextId: () => number): ReadonlyArray<Step> => {
  const pause = randomPause(prng)
  if (prng.chance(0.1)) return [{ pause, action: randomRareAction(prng, users) }]
  const operation = randomOperation(prng, users)
  const call = (pause: Pause): Step => ({
    pause,
    action: { _tag: "Call", id: nextId(), operation, leave: randomLeave(prng) }
  })
  const faults = randomFaults(prng, operation._tag).map((fault, index): Step => ({
    pause: index === 0 ? pause : none,
    action: { _tag: "Fault", fault }
  }))
  return [...faults, call(faults.length === 0 ? pause : none), ...repetitions(prng, operation).map(call)]
}

const randomCredential = (prng: Prng.Prng, users: number) => ({
  user: randomUser(prng, users),
  session: 0,
  credential: prng.below(2)
})

/** A slow read, and the same read again when its value is about to expire, or while it is in flight. */
const slowRead = (prng: Prng.Prng, users: number, { timeToLive }: Settings) => {
  const read: Operation = { _tag: "listCredentials", user: randomUser(prng, users), session: 0, bypass: false }
  const kind = prng.pick(["delay", "slow-body"])
  const fault: Fault = { kind, milliseconds: prng.pick([300, 1500, 1999]), target: "list", times: 1 }
  return { faults: [fault], calls: [read, read], pause: millis(timeToLive + prng.pick([-1, 0, 1, 250, 1400])) }
}

/** A read in flight during a change, and the same read after its answer has arrived. */
const overtakenRead = (prng: Prng.Prng, users: number) => {
  const change = randomCredential(prng, users)
  const read: Operation = { _tag: "listCredentials", user: change.user, session: 0, bypass: false }
  const fault: Fault = { kind: "slow-body", milliseconds: 600, target: "list", times: 1 }
  const calls = [read, { _tag: prng.pick(["refreshCredential", "deleteCredential"]), ...change } as const, read]
  return { faults: [fault], calls, pause: millis(400) }
}

/** A deletion whose first answer is lost, and whose second may be a refusal. */
const lostDeletion = (prng: Prng.Prng, users: number) => {
  const deletion: Operation = { _tag: "deleteCredential", ...randomCredential(prng, users) }
  const lost: FaultKind = prng.pick<FaultKind>([
    { kind: "drop-after" },
    { kind: "cut-body" },
    { kind: "delay", milliseconds: 2500 },
    { kind: "status", status: 503 }
  ])
  const refusal: FaultKind = { kind: "status", status: prng.pick([401, 403, 429]) }
  const faults = (prng.chance(0.5) ? [lost, refusal] : [lost]).map((fault): Fault => ({
    ...fault,
    target: "delete",
    times: 1
  }))
  return { faults, calls: [deletion], pause: none }
}

/** A change that is applied after its ambiguous failure, and reads before and after that. */
const lateChange = (prng: Prng.Prng, users: number) => {
  const change = randomCredential(prng, users)
  const read: Operation = { _tag: "listCredentials", user: change.user, session: 0, bypass: false }
  const fault: Fault = { kind: "delay", milliseconds: prng.pick([2500, 4000, 9000]), target: "refresh", times: 1 }
  const calls = [{ _tag: "refreshCredential", ...change } as const, read, read]
  return { faults: [fault], calls, pause: millis(prng.pick([2001, 3500])) }
}

/** The deletion of a user and the creation of another with the same external id, with lost answers. */
const lostCreation = (prng: Prng.Prng, users: number) => {
  const user = randomUser(prng, users)
  const lost: FaultKind = prng.pick<FaultKind>([
    { kind: "drop-after" },
    { kind: "drop-before" },
    { kind: "cut-body" },
    { kind: "delay", milliseconds: 2500 },
    { kind: "status", status: 503 }
  ])
  const more: ReadonlyArray<Fault> = prng.chance(0.5)
    ? [{ ...randomFaultKind(prng), target: prng.pick(["grant", "identity"]), times: 4 }]
    : []
  const faults = [{ ...lost, target: "createUser", times: prng.pick([1, 1, 2, 4]) } satisfies Fault, ...more]
  const ensuring: Operation = { _tag: "ensureUser", user }
  const calls: ReadonlyArray<Operation> = [
    { _tag: "deleteUserBy", user, by: prng.pick(["userId", "externalUserId"]) },
    ensuring,
    prng.pick<Operation>([
      ensuring,
      { _tag: "createUser", user },
      { _tag: "deleteUserBy", user, by: "externalUserId" }
    ]),
    { _tag: "authorize", user, session: 0, scopes: "all", by: "userId" }
  ]
  return { faults, calls, pause: prng.pick([tasks(prng.below(200)), millis(2001)]) }
}

/** Old and new sessions of one user, with the same and with other scopes, used concurrently. */
const manySessions = (prng: Prng.Prng, users: number) => {
  const user = randomUser(prng, users)
  const authorize = (session: number, scopes: ScopeSet): Operation => ({
    _tag: "authorize",
    user,
    session,
    scopes,
    by: "userId"
  })
  const read = (session: number): Operation => ({ _tag: "listCredentials", user, session, bypass: true })
  const shared = (session: number): Operation => ({ _tag: "listCredentials", user, session, bypass: false })
  const calls = [authorize(5, "all"), authorize(1, "read"), read(5), read(0), read(1), shared(2), shared(3)]
  return { faults: [], calls, pause: prng.pick([none, tasks(prng.below(60))]) }
}

/** A user who is deleted while sessions are used, and sessions used after that. */
const deletedUser = (prng: Prng.Prng, users: number) => {
  const user = randomUser(prng, users)
  const read: Operation = { _tag: "listCredentials", user, session: 0, bypass: prng.chance(0.5) }
  const calls: ReadonlyArray<Operation> = [read, { _tag: "deleteUserBy", user, by: "userId" }, read, read]
  const faults = prng.chance(0.5) ? [randomFault(prng, "deleteUser")] : []
  return { faults, calls, pause: prng.pick([tasks(prng.below(200)), rest]) }
}

/** Cases that random steps hardly ever produce. */
const scenarioSteps = (
  prng: Prng.Prng,
  users: number,
  nextId: () => number,
  settings: Settings
): ReadonlyArray<Step> => {
  const scenario = prng.pick([
    slowRead,
    slowRead,
    overtakenRead,
    overtakenRead,
    lostDeletion,
    lostDeletion,
    lateChange,
    lostCreation,
    lostCreation,
    manySessions,
    deletedUser
  ])
  const { calls, faults, pause } = scenario(prng, users, settings)
  return [
    ...faults.map((fault): Step => ({ pause: none, action: { _tag: "Fault", fault } })),
    ...calls.map((operation, index): Step => ({
      pause: index === 0 ? none : pause,
      action: { _tag: "Call", id: nextId(), operation }
    }))
  ]
}

/** With more values than the capacity, the second audit shows values that were not dropped. */
const audits = (prng: Prng.Prng): ReadonlyArray<Step> => {
  if (!prng.chance(0.35)) return []
  const audit: Action = { _tag: "Audit" }
  return [
    { pause: millis(prng.pick([0, 2500])), action: audit },
    { pause: rest, action: audit }
  ]
}

export const generate = (seed: number): Schedule => {
  const prng = Prng.make(seed)
  const users = prng.pick([1, 1, 2, 2, 3])
  const settings = randomSettings(prng)
  let id = 0
  const nextId = () => id++
  const nextSteps = () =>
    prng.chance(0.15) ? scenarioSteps(prng, users, nextId, settings) : randomSteps(prng, users, nextId)
  return {
    seed,
    settings,
    steps: [
      ...setUpSteps(prng, users, nextId),
      { pause: rest, action: { _tag: "ConnectBank", user: 0 } },
      ...Array.from({ length: 8 + prng.below(32) }, nextSteps).flat(),
      ...audits(prng)
    ]
  }
}
