/**
 * A store in memory, for tests: several shared caches on one fake are several processes. It can be slow, lose requests and
 * answers, and forget as a server does that restarts or fails over.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import { type Hint, InvalidationStore, type Service, StoreError, type Validation } from "./InvalidationStore.js"

/**
 * A call to the store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly operation: "validate" | "begin" | "finish" | "advance"
  readonly userIds: ReadonlyArray<string>
}

/**
 * What happens to a call. Nothing by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour {
  /** How long the request takes to the store. */
  readonly requestDelay?: Duration.DurationInput | undefined
  /** How long the answer takes back. */
  readonly answerDelay?: Duration.DurationInput | undefined
  /** `error`: it fails. `lost request`: never done nor answered. `lost answer`: done, and never answered. */
  readonly fault?: "error" | "lost request" | "lost answer" | undefined
}

interface UserRecord {
  server: number
  token: string
  moves: number
  quarantineUntil: number
  readonly marks: Map<string, number>
}

/**
 * All that a store remembers at one moment: what a replica has.
 *
 * @since 0.1.0
 * @category models
 */
export type Snapshot = ReadonlyMap<string, Readonly<UserRecord>>

/**
 * The fake, and its controls.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fake {
  readonly store: Service
  readonly layer: Layer.Layer<InvalidationStore>
  /** All calls so far. */
  readonly calls: ReadonlyArray<Call>
  /** Decides what happens to the calls that follow. */
  readonly behave: (behaviour: (call: Call) => Behaviour) => Effect.Effect<void>
  /** Divides the users among several servers, as a cluster does. */
  readonly divide: (serverOf: (userId: string) => string) => Effect.Effect<void>
  /** Forgets everything, as `FLUSHALL` does. */
  readonly flush: Effect.Effect<void>
  /** Forgets the changes under way. */
  readonly forgetMarks: Effect.Effect<void>
  readonly snapshot: Effect.Effect<Snapshot>
  /** Another server answers, with what it remembers: nothing after a restart, a snapshot after a failover. */
  readonly failOver: (remembered: Snapshot) => Effect.Effect<void>
}

const markMillis = 60_000

const onOneServer = (_userId: string): string => ""

const withoutFault = (): Behaviour => ({})

const copy = (records: Snapshot) =>
  new Map(Array.from(records, ([userId, record]) => [userId, { ...record, marks: new Map(record.marks) }] as const))

/**
 * Makes a fake store. Its time is that of the `Clock` with which it is made, as a server has a clock of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Fake> = Effect.gen(function* () {
  const hints = yield* PubSub.unbounded<Hint>()
  const clock = yield* Effect.clock
  const calls: Array<Call> = []
  let serverOf = onOneServer
  let behaviourOf: (call: Call) => Behaviour = withoutFault
  let records = new Map<string, UserRecord>()
  let server = 1
  let tokens = 0

  const read = (userId: string): UserRecord => {
    const found = records.get(userId) ?? { server, token: "", moves: 0, quarantineUntil: 0, marks: new Map() }
    if (found.token === "" || found.server !== server) {
      Object.assign(found, { server, token: `token${++tokens}`, moves: 0 })
    }
    records.set(userId, found)
    return found
  }

  const generation = ({ moves, token }: UserRecord) => `${token}:${moves}`

  const validate = (userId: string, now: number): Validation => {
    const record = read(userId)
    // A mark that is over for this answer must not count again when the clock was set back.
    for (const [changeId, deadline] of record.marks) if (deadline <= now) record.marks.delete(changeId)
    return { generation: generation(record), isChanging: now < record.quarantineUntil || record.marks.size > 0 }
  }

  const perform = <A>(call: Call, run: (now: number) => A): Effect.Effect<A, StoreError> =>
    Effect.gen(function* () {
      calls.push(call)
      const { answerDelay = 0, fault, requestDelay = 0 } = behaviourOf(call)
      yield* Effect.sleep(requestDelay)
      if (fault === "error") return yield* new StoreError({ operation: call.operation, message: "a fault" })
      if (fault === "lost request") return yield* Effect.never
      const answer = run(clock.unsafeCurrentTimeMillis())
      yield* fault === "lost answer" ? Effect.never : Effect.sleep(answerDelay)
      return answer
    })

  const store: Service = {
    serverOf: (userId) => serverOf(userId),
    validate: (userIds) =>
      perform({ operation: "validate", userIds }, (now) => userIds.map((userId) => validate(userId, now))),
    begin: (userId, changeId) =>
      perform({ operation: "begin", userIds: [userId] }, (now) => {
        const record = read(userId)
        record.moves += 1
        record.marks.set(changeId, now + markMillis)
        return { token: record.token }
      }),
    finish: ({ changeId, quarantineMillis, token, userId }) =>
      Effect.tap(
        perform({ operation: "finish", userIds: [userId] }, (now) => {
          const record = read(userId)
          const wasMarked = record.marks.delete(changeId) && record.token === token
          record.moves += 1
          if (quarantineMillis > 0) record.quarantineUntil = Math.max(record.quarantineUntil, now + quarantineMillis)
          return { wasMarked }
        }),
        PubSub.publish(hints, { userId, changeId })
      ),
    advance: (userId) =>
      perform({ operation: "advance", userIds: [userId] }, () => {
        const record = read(userId)
        const previous = generation(record)
        record.moves += 1
        return { previous, generation: generation(record) }
      }),
    hints: Stream.fromPubSub(hints)
  }

  return {
    store,
    layer: Layer.succeed(InvalidationStore, store),
    calls,
    behave: (behaviour) => Effect.sync(() => void (behaviourOf = behaviour)),
    divide: (by) => Effect.sync(() => void (serverOf = by)),
    flush: Effect.sync(() => records.clear()),
    forgetMarks: Effect.sync(() => records.forEach(({ marks }) => marks.clear())),
    snapshot: Effect.sync(() => copy(records)),
    failOver: (remembered) =>
      Effect.sync(() => {
        records = copy(remembered)
        server += 1
      })
  }
})
