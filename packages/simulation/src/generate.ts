/** Makes a schedule of a seed, with more than its share of what is hard: coincidences, faults and changes of heart. */
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

const settingsOf = (prng: Prng.Prng): Settings => ({
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

/** Just before, at, and just after the moments at which something ends by itself. */
const moments = [
  1000, 1499, 1500, 1999, 2000, 2001, 3500, 4999, 5000, 5999, 6000, 7000, 7499, 7500, 7999, 8000, 8001, 13_000
] as const

const millis = (count: number): Pause => ({ _tag: "Millis", count })
const tasks = (count: number): Pause => ({ _tag: "Tasks", count })

const rest = millis(0)
const none = tasks(0)

const pauseOf = (prng: Prng.Prng): Pause => {
  if (prng.chance(0.4)) return tasks(prng.below(40))
  return millis(prng.pick(prng.chance(0.6) ? shortMoments : moments))
}

interface SessionSlot {
  readonly isMinted: boolean
  readonly scopes: ScopeSet
  /** How often a user has it from the start. */
  readonly probability: number
}

/** Two of each that may not be told apart, and two of each that must be. */
const sessionSlots: ReadonlyArray<SessionSlot> = [
  { isMinted: true, scopes: "all", probability: 1 },
  { isMinted: true, scopes: "read", probability: 0.35 },
  { isMinted: false, scopes: "all", probability: 0.35 },
  { isMinted: false, scopes: "all", probability: 0.35 },
  { isMinted: false, scopes: "change", probability: 0.1 },
  { isMinted: true, scopes: "all", probability: 0.2 }
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

const statusFault = (prng: Prng.Prng): FaultKind => {
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

const faultKind = (prng: Prng.Prng): FaultKind => {
  const kind = prng.pick(faultKinds)
  switch (kind) {
    case "delay":
    case "slow-body":
      return { kind, milliseconds: prng.pick([1, 300, 1500, 1999, 2000, 2500, 4000, 6000, 9000, 12_000]) }
    case "status":
      return statusFault(prng)
    default:
      return { kind }
  }
}

const faultFor = (prng: Prng.Prng, operation: OperationName): Fault => ({
  ...faultKind(prng),
  target: prng.chance(0.75) ? targetOf[operation] : prng.pick(["token", "grant", "any", "identity"]),
  times: prng.pick([1, 1, 1, 2, 4])
})

const userOf = (prng: Prng.Prng, users: number): number => (prng.chance(0.65) ? 0 : prng.below(users))

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

const operationOf = (prng: Prng.Prng, users: number): Operation => {
  const _tag = operationNames[prng.below(operationNames.length)] ?? "listCredentials"
  const user = userOf(prng, users)
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

const leaveOf = (prng: Prng.Prng): Pause | undefined => {
  if (!prng.chance(0.14)) return undefined
  return prng.chance(0.6) ? tasks(1 + prng.below(60)) : millis(prng.pick(moments))
}

/** Users who exist, with banks and sessions. */
const prelude = (prng: Prng.Prng, users: number, nextId: () => number): ReadonlyArray<Step> => {
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
    ...slots.map(({ isMinted, scopes, session, user }) =>
      call(
        isMinted
          ? { _tag: "authorize", user, session, scopes, by: "userId" }
          : { _tag: "createAuthorization", user, session, scopes },
        none
      )
    ),
    ...slots
      .filter(({ isMinted }) => !isMinted)
      .map(({ session, user }, index) => call({ _tag: "getUserAccessToken", user, session }, index === 0 ? rest : none))
  ]
}

const rareAction = (prng: Prng.Prng, users: number): Action => {
  if (prng.chance(0.4)) return { _tag: "ConnectBank", user: userOf(prng, users) }
  if (prng.chance(0.3)) return { _tag: "Audit" }
  return { _tag: "RevokeTokens", user: prng.chance(0.4) ? "all" : userOf(prng, users) }
}

/** What a request and its retries meet, where they meet anything. */
const faultsFor = (prng: Prng.Prng, operation: OperationName): ReadonlyArray<Fault> => {
  if (!prng.chance(0.35)) return []
  return [faultFor(prng, operation), ...(prng.chance(0.35) ? [faultFor(prng, operation)] : [])]
}

/** How often the same is asked for again: at once, or when what was read may be too old. */
const echoes = (prng: Prng.Prng, operation: Operation): ReadonlyArray<Pause> => {
  const isRead = operation._tag === "listCredentials" || operation._tag === "getCredential"
  return [
    ...(prng.chance(0.25) ? [tasks(prng.below(30))] : []),
    ...(isRead && prng.chance(0.4) ? [pauseOf(prng)] : []),
    ...(isRead && prng.chance(0.2) ? [pauseOf(prng)] : [])
  ]
}

/** Some calls of one operation, which may meet faults. */
const scene = (prng: Prng.Prng, users: number, nextId: () => number): ReadonlyArray<Step> => {
  const pause = pauseOf(prng)
  if (prng.chance(0.1)) return [{ pause, action: rareAction(prng, users) }]
  const operation = operationOf(prng, users)
  const call = (pause: Pause): Step => ({
    pause,
    action: { _tag: "Call", id: nextId(), operation, leave: leaveOf(prng) }
  })
  const faults = faultsFor(prng, operation._tag).map((fault, index): Step => ({
    pause: index === 0 ? pause : none,
    action: { _tag: "Fault", fault }
  }))
  return [...faults, call(faults.length === 0 ? pause : none), ...echoes(prng, operation).map(call)]
}

const credentialOf = (prng: Prng.Prng, users: number) => ({
  user: userOf(prng, users),
  session: 0,
  credential: prng.below(2)
})

/** A slow read, and the same read again when its value is just about too old, or while it is under way. */
const slowRead = (prng: Prng.Prng, users: number, { timeToLive }: Settings) => {
  const read: Operation = { _tag: "listCredentials", user: userOf(prng, users), session: 0, bypass: false }
  const kind = prng.pick(["delay", "slow-body"])
  const fault: Fault = { kind, milliseconds: prng.pick([300, 1500, 1999]), target: "list", times: 1 }
  return { faults: [fault], calls: [read, read], pause: millis(timeToLive + prng.pick([-1, 0, 1, 250, 1400])) }
}

/** A read whose answer is on its way while something changes, and the same read when it has arrived. */
const overtakenRead = (prng: Prng.Prng, users: number) => {
  const change = credentialOf(prng, users)
  const read: Operation = { _tag: "listCredentials", user: change.user, session: 0, bypass: false }
  const fault: Fault = { kind: "slow-body", milliseconds: 600, target: "list", times: 1 }
  const calls = [read, { _tag: prng.pick(["refreshCredential", "deleteCredential"]), ...change } as const, read]
  return { faults: [fault], calls, pause: millis(400) }
}

/** A deletion whose first answer is lost, and whose next may be a clear no. */
const lostDeletion = (prng: Prng.Prng, users: number) => {
  const deletion: Operation = { _tag: "deleteCredential", ...credentialOf(prng, users) }
  const lost: FaultKind = prng.pick<FaultKind>([
    { kind: "drop-after" },
    { kind: "cut-body" },
    { kind: "delay", milliseconds: 2500 },
    { kind: "status", status: 503 }
  ])
  const no: FaultKind = { kind: "status", status: prng.pick([401, 403, 429]) }
  const faults = (prng.chance(0.5) ? [lost, no] : [lost]).map((fault): Fault => ({
    ...fault,
    target: "delete",
    times: 1
  }))
  return { faults, calls: [deletion], pause: none }
}

/** A change that is applied after its caller was told that nobody knows, and reads before and after that. */
const lateChange = (prng: Prng.Prng, users: number) => {
  const change = credentialOf(prng, users)
  const read: Operation = { _tag: "listCredentials", user: change.user, session: 0, bypass: false }
  const fault: Fault = { kind: "delay", milliseconds: prng.pick([2500, 4000, 9000]), target: "refresh", times: 1 }
  const calls = [{ _tag: "refreshCredential", ...change } as const, read, read]
  return { faults: [fault], calls, pause: millis(prng.pick([2001, 3500])) }
}

/** The creation of a user, after the deletion of who had their external id, of which answers are lost. */
const lostCreation = (prng: Prng.Prng, users: number) => {
  const user = userOf(prng, users)
  const lost: FaultKind = prng.pick<FaultKind>([
    { kind: "drop-after" },
    { kind: "drop-before" },
    { kind: "cut-body" },
    { kind: "delay", milliseconds: 2500 },
    { kind: "status", status: 503 }
  ])
  const more: ReadonlyArray<Fault> = prng.chance(0.5)
    ? [{ ...faultKind(prng), target: prng.pick(["grant", "identity"]), times: 4 }]
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

/** Old and new sessions of one user, for the same scopes and for others, used at once. */
const manySessions = (prng: Prng.Prng, users: number) => {
  const user = userOf(prng, users)
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

/** A user who is deleted while their sessions are used, and after that. */
const forgottenUser = (prng: Prng.Prng, users: number) => {
  const user = userOf(prng, users)
  const read: Operation = { _tag: "listCredentials", user, session: 0, bypass: prng.chance(0.5) }
  const calls: ReadonlyArray<Operation> = [read, { _tag: "deleteUserBy", user, by: "userId" }, read, read]
  const faults = prng.chance(0.5) ? [faultFor(prng, "deleteUser")] : []
  return { faults, calls, pause: prng.pick([tasks(prng.below(200)), rest]) }
}

/** What hardly ever comes about by itself. */
const coincidence = (prng: Prng.Prng, users: number, nextId: () => number, settings: Settings): ReadonlyArray<Step> => {
  const script = prng.pick([
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
    forgottenUser
  ])
  const { calls, faults, pause } = script(prng, users, settings)
  return [
    ...faults.map((fault): Step => ({ pause: none, action: { _tag: "Fault", fault } })),
    ...calls.map((operation, index): Step => ({
      pause: index === 0 ? none : pause,
      action: { _tag: "Call", id: nextId(), operation }
    }))
  ]
}

/** With more values than there is room for, the second time shows what was not really dropped. */
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
  const settings = settingsOf(prng)
  let id = 0
  const nextId = () => id++
  const nextScene = () => (prng.chance(0.15) ? coincidence(prng, users, nextId, settings) : scene(prng, users, nextId))
  return {
    seed,
    settings,
    steps: [
      ...prelude(prng, users, nextId),
      { pause: rest, action: { _tag: "ConnectBank", user: 0 } },
      ...Array.from({ length: 8 + prng.below(32) }, nextScene).flat(),
      ...audits(prng)
    ]
  }
}
