/** Where a schedule is played: the world, and the time and the chance that move it. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as History from "./history.js"
import * as Prng from "./prng.js"
import type { Pause, Schedule } from "./schedule.js"
import * as Scheduler from "./scheduler.js"
import * as VirtualClock from "./virtualClock.js"
import * as World from "./world.js"

/** More tasks than any run needs before it comes to rest: whoever runs this long runs for ever. */
const tooManyTasks = 1_000_000

/** What is left of a run that is not over after so many wakings runs for ever too. */
const tooManyWakings = 10_000

/** Lets everything happen that only waits for a promise, such as the reading of a body. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

export interface Stage {
  readonly world: World.World
  readonly history: History.History
  /** Runs an effect in the simulation's time and by its chance. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.RuntimeFiber<A, E>
  /** Lets everyone run until they wait for time to pass. */
  readonly rest: () => Promise<void>
  readonly pause: (pause: Pause) => Promise<void>
  /** Does something after a pause, while others go on. */
  readonly after: (pause: Pause, action: () => void) => void
  /** Lets time pass until no timer is left. */
  readonly drain: () => Promise<void>
  /** Ends the scope of the layers. */
  readonly close: () => Promise<void>
  /** Fibers and timers that are still there. */
  readonly leftovers: () => { readonly fibers: number; readonly timers: number }
}

/** The ways in which time and fibers go on. */
const makeMotion = (scheduler: Scheduler.ChaoticScheduler, virtual: VirtualClock.VirtualClock, prng: Prng.Prng) => {
  const rest = async (): Promise<void> => {
    do {
      if (scheduler.run(tooManyTasks)) throw new Error("the fibers do not come to rest")
      await turn()
    } while (scheduler.run(0))
  }

  const wakeAll = async (moment: number): Promise<void> => {
    virtual.moveTo(moment)
    // Those who wake at the same moment do not have to wait for each other.
    while (virtual.wakeOne()) scheduler.run(prng.below(12))
    await rest()
  }

  /** Passes time, with rest at each moment at which somebody wakes. */
  const passUntil = async (end: number): Promise<void> => {
    await rest()
    for (let next = virtual.nextWake(); next !== undefined && next <= end; next = virtual.nextWake()) {
      await wakeAll(next)
    }
    await wakeAll(end)
  }

  const drain = async (): Promise<void> => {
    await rest()
    for (let wakings = 0; wakings < tooManyWakings; wakings++) {
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

export const make = async (schedule: Schedule): Promise<Stage> => {
  const prng = Prng.make(schedule.seed ^ 0x5bd1e995)
  const scheduler = Scheduler.make(prng)
  const virtual = VirtualClock.make(prng)
  const history = History.make(schedule.settings, virtual.now)
  const motion = makeMotion(scheduler, virtual, prng)
  const strangers = new Set<unknown>(Fiber.unsafeRoots())
  const built = Effect.runFork(World.make(schedule, history, virtual, scheduler), { scheduler: scheduler.calm })
  await motion.rest()
  const world = await Effect.runPromise(Fiber.join(built))
  const fork = Runtime.runFork(world.runtime)
  return {
    ...motion,
    world,
    history,
    fork,
    close: async () => {
      fork(Scope.close(world.scope, Exit.void))
      await motion.drain()
    },
    leftovers: () => ({
      fibers: Fiber.unsafeRoots().filter((fiber) => !strangers.has(fiber)).length,
      timers: virtual.sleeping()
    })
  }
}
