/** Runs a schedule: the environment, and the virtual time and scheduler that drive it. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Environment from "./environment.js"
import * as History from "./history.js"
import * as Prng from "./prng.js"
import type { Pause, Schedule } from "./schedule.js"
import * as Scheduler from "./scheduler.js"
import * as VirtualClock from "./virtualClock.js"

/** A run that needs more tasks than this never rests. */
const tooManyTasks = 1_000_000

/** A run that needs more wake-ups than this never ends. */
const tooManyWakeUps = 10_000

/** Runs everything that waits only for a promise, such as the reading of a body. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

export interface Harness {
  readonly environment: Environment.Environment
  readonly history: History.History
  /** Runs an effect in virtual time, on the random scheduler. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.RuntimeFiber<A, E>
  /** Runs all fibers until they wait for time to pass. */
  readonly rest: () => Promise<void>
  readonly pause: (pause: Pause) => Promise<void>
  /** Runs an action after a pause, while the fibers continue. */
  readonly after: (pause: Pause, action: () => void) => void
  /** Passes time until no timer is left. */
  readonly drain: () => Promise<void>
  /** Closes the scope of the layers. */
  readonly close: () => Promise<void>
  /** Fibers and timers that are left. */
  readonly leftovers: () => { readonly fibers: number; readonly timers: number }
}

/** Drives the fibers and the time. */
const makeDriver = (scheduler: Scheduler.ChaoticScheduler, virtual: VirtualClock.VirtualClock, prng: Prng.Prng) => {
  const rest = async (): Promise<void> => {
    do {
      if (scheduler.run(tooManyTasks)) throw new Error("the fibers do not rest")
      await turn()
    } while (scheduler.run(0))
  }

  const wakeAll = async (moment: number): Promise<void> => {
    virtual.moveTo(moment)
    // Fibers that wake at the same moment do not wait for each other.
    while (virtual.wakeOne()) scheduler.run(prng.below(12))
    await rest()
  }

  /** Passes time, and rests at each wake-up. */
  const passUntil = async (end: number): Promise<void> => {
    await rest()
    for (let next = virtual.nextWake(); next !== undefined && next <= end; next = virtual.nextWake()) {
      await wakeAll(next)
    }
    await wakeAll(end)
  }

  const drain = async (): Promise<void> => {
    await rest()
    for (let wakeUps = 0; wakeUps < tooManyWakeUps; wakeUps++) {
      const next = virtual.nextWake()
      if (next === undefined) return
      await wakeAll(next)
    }
  }

  const pause = async ({ _tag, count }: Pause): Promise<void> => {
    if (_tag === "Tasks") scheduler.run(count)
    else await passUntil(virtual.now() + count)
  }

  const after = ({ _tag, count }: Pause, action: () => void): void => {
    if (_tag === "Tasks") scheduler.after(count, action)
    else virtual.at(virtual.now() + count, action)
  }

  return { rest, drain, pause, after }
}

export const make = async (schedule: Schedule): Promise<Harness> => {
  const prng = Prng.make(schedule.seed ^ 0x5bd1e995)
  const scheduler = Scheduler.make(prng)
  const virtual = VirtualClock.make(prng)
  const history = History.make(schedule.settings, virtual.now)
  const driver = makeDriver(scheduler, virtual, prng)
  const fibersBefore = new Set<unknown>(Fiber.unsafeRoots())
  const built = Effect.runFork(Environment.make(schedule, history, virtual, scheduler), { scheduler: scheduler.calm })
  await driver.rest()
  const environment = await Effect.runPromise(Fiber.join(built))
  const fork = Runtime.runFork(environment.runtime)
  return {
    ...driver,
    environment,
    history,
    fork,
    close: async () => {
      fork(Scope.close(environment.scope, Exit.void))
      await driver.drain()
    },
    leftovers: () => ({
      fibers: Fiber.unsafeRoots().filter((fiber) => !fibersBefore.has(fiber)).length,
      timers: virtual.sleeping()
    })
  }
}
