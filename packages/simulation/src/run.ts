/** Plays a schedule to its end, and returns what happened. */
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Cast from "./cast.js"
import * as History from "./history.js"
import { currentCall } from "./origin.js"
import * as Prng from "./prng.js"
import type { Action, Operation, Pause, Schedule } from "./schedule.js"
import * as Scheduler from "./scheduler.js"
import * as Story from "./story.js"
import * as VirtualClock from "./virtualClock.js"
import * as World from "./world.js"

/** More tasks than any run needs before it comes to rest: whoever runs this long runs for ever. */
const tooMany = 1_000_000

/** What is left of a run that is not over after so many wakings runs for ever too. */
const tooManyWakings = 10_000

/** Lets everything happen that only waits for a promise, such as the reading of a body. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

const endingOf = (exit: Exit.Exit<number | undefined, TinkError>): History.Ending => {
  if (Exit.isSuccess(exit)) return { _tag: "Success", serial: exit.value }
  const failure = Cause.failureOption(exit.cause)
  if (Option.isSome(failure)) {
    const { isAmbiguous, message, reason, route } = failure.value
    return { _tag: "Failure", reason, route, detail: message, isAmbiguous }
  }
  if (Cause.isInterruptedOnly(exit.cause)) return { _tag: "Interrupted" }
  return { _tag: "Defect", detail: Cause.pretty(exit.cause) }
}

const fiberRoots = () => new Set(Fiber.unsafeRoots())

export const run = async (schedule: Schedule): Promise<History.History> => {
  const prng = Prng.make(schedule.seed ^ 0x5bd1e995)
  const scheduler = Scheduler.make(prng)
  const virtual = VirtualClock.make(prng)
  const history = History.make(schedule.settings, virtual.now)
  const strangers = fiberRoots()
  const cast: Cast.Cast = new Map()
  const callers = new Map<number, Fiber.RuntimeFiber<unknown, unknown>>()

  const rest = async (): Promise<void> => {
    do {
      if (scheduler.run(tooMany)) throw new Error("the fibers do not come to rest")
      await turn()
    } while (scheduler.run(0))
  }

  const build = Effect.runFork(World.make(schedule, history, virtual, scheduler), { scheduler: scheduler.calm })
  await rest()
  const world = await Effect.runPromise(Fiber.join(build))
  const fork = Runtime.runFork(world.runtime)

  const noteSize = (): void => {
    history.maxSize = Math.max(history.maxSize, Effect.runSync(world.cache.stats).size)
  }

  /** Passes time until a moment, with rest at each moment at which somebody wakes. */
  const passUntil = async (end: number): Promise<void> => {
    await rest()
    for (;;) {
      const next = virtual.nextWake()
      if (next === undefined || next > end) break
      virtual.moveTo(next)
      while (virtual.wakeOne()) scheduler.run(prng.below(12))
      await rest()
      noteSize()
    }
    virtual.moveTo(end)
    await rest()
    noteSize()
  }

  const pause = async ({ _tag, count }: Pause): Promise<void> => {
    if (_tag === "Tasks") scheduler.run(count)
    else await passUntil(virtual.now() + count)
  }

  const leaveAfter = (call: History.Call, fiber: Fiber.RuntimeFiber<unknown, unknown>, { _tag, count }: Pause): void => {
    const leave = () => {
      if (call.ended !== undefined) return
      call.left = history.point()
      fiber.unsafeInterruptAsFork(FiberId.none)
    }
    if (_tag === "Tasks") scheduler.after(count, leave)
    else virtual.at(virtual.now() + count, leave)
  }

  const start = (id: number, operation: Operation, leave: Pause | undefined): void => {
    const prepared = Cast.prepare(world, cast, operation)
    if (prepared === undefined) return
    const { effect, session, userId } = prepared
    const call: History.Call = {
      id,
      operation,
      userId,
      session,
      started: history.point(),
      left: undefined,
      ended: undefined
    }
    history.calls.push(call)
    const fiber = fork(Effect.locally(effect, currentCall, id))
    callers.set(id, fiber)
    fiber.addObserver((exit) => {
      callers.delete(id)
      call.ended = { ...history.point(), ending: endingOf(exit) }
    })
    if (leave !== undefined) leaveAfter(call, fiber, leave)
  }

  let audits = 0
  const audit = async (): Promise<void> => {
    await rest()
    if (callers.size > 0) return
    world.faults.clear()
    const before = Effect.runSync(world.cache.stats).hits
    const point = history.point()
    for (const operation of Cast.reads(cast)) {
      start(1_000_000 + audits++, operation, undefined)
      await rest()
    }
    history.audits.push({ point, hits: Effect.runSync(world.cache.stats).hits - before })
  }

  const perform = async (action: Action): Promise<void> => {
    switch (action._tag) {
      case "Call":
        return start(action.id, action.operation, action.leave)
      case "Fault":
        world.faults.add(action.fault)
        break
      case "RevokeTokens":
        Effect.runSync(world.sandbox.revokeTokens(action.user === "all" ? undefined : cast.get(action.user)?.userId))
        break
      case "ConnectBank": {
        const user = cast.get(action.user)
        if (user !== undefined) Runtime.runSync(world.runtime)(Cast.connectBank(world, user))
        break
      }
      case "Audit":
        await audit()
    }
    history.remarks.push({ point: history.point(), text: Story.remark(action) })
  }

  /** Lets everyone be answered, and every timer run out. */
  const drain = async (): Promise<void> => {
    for (let wakings = 0; wakings < tooManyWakings; wakings++) {
      const next = virtual.nextWake()
      if (next === undefined) return
      await passUntil(next)
    }
  }

  const leftovers = (): string | undefined => {
    const fibers = [...fiberRoots()].filter((fiber) => !strangers.has(fiber)).length
    const timers = virtual.sleeping()
    const unanswered = callers.size
    return fibers + timers + unanswered === 0
      ? undefined
      : `${unanswered} callers without an answer, ${fibers} fibers, ${timers} timers`
  }

  for (const { action, pause: before } of schedule.steps) {
    await pause(before)
    await perform(action)
    noteSize()
  }
  await rest()
  await drain()
  history.leftAtRest = leftovers()
  history.counters = Effect.runSync(world.cache.stats)
  fork(Scope.close(world.scope, Exit.void))
  await rest()
  await drain()
  history.leftAtEnd = leftovers()
  return history
}
