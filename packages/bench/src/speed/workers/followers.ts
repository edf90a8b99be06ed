/** Followers that start at once: processor time, memory and the delay of the event loop. */
import { CredentialsId, UserId } from "@effect-tink/http/Ids"
import * as Users from "@effect-tink/users/Users"
import * as UserSession from "@effect-tink/users/UserSession"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { layerUsers } from "../clients/effectTink.js"
import { layerHttpClient } from "../clients/platformClient.js"
import type { Following } from "../followings.js"
import { makeOrigin } from "../inProcess.js"
import { credentialIdOf, tokenOf, userIdOf } from "../tink.js"
import { serveTask } from "../worker.js"

export interface Task {
  readonly following: Following
  readonly followers: number
  readonly credentials: number
  /** How often garbage is collected before memory is measured. */
  readonly collections: number
}

/** Nanoseconds and bytes. */
export interface Found {
  readonly cpu: number
  readonly bytes: number
  readonly started: number
  readonly delay: number
}

/** What a follower does: it says once that it has its first answer, and then waits. */
type Follow = (credential: number, onAnswer: Effect.Effect<void>) => Effect.Effect<unknown, unknown>

/** Polls once, and then not again while anything is measured. */
const schedule = Schedule.spaced("1 hour")

const openSession = (credential: number) => {
  const userId = UserId.make(userIdOf(credential))
  const accessToken = Redacted.make(tokenOf(userId))
  return UserSession.make({ userId, accessToken, scopes: ["credentials:read", "credentials:refresh"] })
}

const makeFollow = (following: Following, users: Users.Service, credentials: number): Follow => {
  const sessions = Array.from({ length: credentials }, (_, credential) => openSession(credential))
  const deferreds = sessions.map(() => Deferred.unsafeMake<void>(FiberId.none))
  return (credential, onAnswer) => {
    const session = sessions[credential]
    const deferred = deferreds[credential]
    if (session === undefined || deferred === undefined) throw new Error("there is no such credential")
    const id = CredentialsId.make(credentialIdOf(session.userId))
    switch (following) {
      case "followCredential":
        return Stream.runForEach(users.followCredential(session, id, { schedule }), () => onAnswer)
      case "refreshAndWait":
        return users.refreshAndWait(session, id, { schedule, onProgress: () => onAnswer })
      case "a bare Deferred":
        return Effect.andThen(onAnswer, Deferred.await(deferred))
    }
  }
}

const heap = async (collections: number): Promise<number> => {
  for (let i = 0; i < collections; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

const passTime = () => new Promise((resolve) => setTimeout(resolve, 20))

const measure = async ({ collections, credentials, followers, following }: Task): Promise<Found> => {
  const setup = { origin: makeOrigin(), capacity: 2 * credentials, timeToLive: 30_000 }
  const runtime = ManagedRuntime.make(Layer.provide(layerUsers(setup), layerHttpClient(setup)))
  const users = await runtime.runPromise(Users.Users)

  /** Starts followers, and waits until all of them have their first answer. */
  const start = async (count: number) => {
    const follow = makeFollow(following, users, credentials)
    let left = count
    const isStarted = Deferred.unsafeMake<void>(FiberId.none)
    const onAnswer = Effect.suspend(() => (--left === 0 ? Deferred.succeed(isStarted, undefined) : Effect.void))
    const fibers = new Array<Fiber.RuntimeFiber<unknown, unknown>>()
    await runtime.runPromise(
      Effect.andThen(
        Effect.forEach(
          Array.from({ length: count }, (_, follower) => follower % credentials),
          (credential) =>
            Effect.map(Effect.forkDaemon(follow(credential, Effect.asVoid(onAnswer))), (fiber) => fibers.push(fiber)),
          { discard: true }
        ),
        Deferred.await(isStarted)
      )
    )
    return fibers
  }

  // Warms up the compiler, which allocates memory of its own.
  for (const _ of Array.from({ length: 3 })) await runtime.runPromise(Fiber.interruptAll(await start(followers)))

  const before = await heap(collections)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // It measures from its first tick on.
  await passTime()
  const cpu = process.cpuUsage()
  const startedAt = process.hrtime.bigint()
  const fibers = await start(followers)
  const started = Number(process.hrtime.bigint() - startedAt)
  const used = process.cpuUsage(cpu)
  // The delay of the last turn is known in the next one.
  await passTime()
  delay.disable()
  const bytes = (await heap(collections)) - before
  await runtime.runPromise(Fiber.interruptAll(fibers))
  await runtime.dispose()
  return {
    cpu: ((used.user + used.system) * 1000) / followers,
    bytes: bytes / followers,
    started,
    delay: delay.max
  }
}

serveTask(measure)
