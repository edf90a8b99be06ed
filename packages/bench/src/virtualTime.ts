/** Time that moves only when it is told to. */
import * as Clock from "effect/Clock"

export interface VirtualTime {
  /** In milliseconds. */
  readonly now: () => number
  readonly advance: (millis: number) => void
  readonly effectClock: Clock.Clock
}

/** Timers run in real time: what a contestant waits for in a simulation comes at once, so that none of them ever ends. */
const clockOf = (now: () => number): Clock.Clock => {
  const clock = Clock.make()
  return Object.assign(Object.create(clock), {
    unsafeCurrentTimeMillis: now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now() * 1e6))
  })
}

export const make = (): VirtualTime => {
  let millis = Date.now()
  const now = () => millis
  return { now, advance: (by) => void (millis += by), effectClock: clockOf(now) }
}

/** `new Date()`, at the virtual time. */
const dateAt = (now: () => number): DateConstructor =>
  new Proxy(Date, {
    construct: (target, args: ReadonlyArray<unknown>, heir) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, heir)
  })

/** Puts the virtual time in place of that of the process, which caches look at. */
export const withVirtualTime = async <A>(run: (time: VirtualTime) => Promise<A>): Promise<A> => {
  const time = make()
  const { Date: RealDate } = globalThis
  const { now } = RealDate
  const performanceNow = performance.now.bind(performance)
  globalThis.Date = dateAt(time.now)
  RealDate.now = time.now
  performance.now = time.now
  try {
    return await run(time)
  } finally {
    globalThis.Date = RealDate
    RealDate.now = now
    performance.now = performanceNow
  }
}
