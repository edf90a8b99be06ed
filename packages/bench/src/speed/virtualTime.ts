/** Time that moves only when it is told to. */
import * as Clock from "effect/Clock"

export interface VirtualTime {
  /** In milliseconds. */
  readonly now: () => number
  /** What waits for a time that is passed on the way is run then. */
  readonly advance: (millis: number) => void
  readonly effectClock: Clock.Clock
}

const clockOf = (now: () => number): Clock.Clock =>
  Object.assign(Object.create(Clock.make()), {
    unsafeCurrentTimeMillis: now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now() * 1e6))
  })

/** `new Date()`, at the virtual time. */
const dateAt = (now: () => number): DateConstructor =>
  new Proxy(Date, {
    construct: (target, args: ReadonlyArray<unknown>, heir) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, heir)
  })

type Timer = ReturnType<typeof setTimeout>

const makeTimers = (now: () => number) => {
  const { clearTimeout: clearReal, setTimeout: setReal } = globalThis
  const waiting = new Map<Timer, { readonly at: number; readonly run: () => void }>()

  const setTimeout = (run: (...args: ReadonlyArray<unknown>) => void, millis = 0, ...args: ReadonlyArray<unknown>) => {
    // What waits for no time waits for its turn, as schedulers do.
    const timer = setReal(run, 0, ...args)
    if (millis < 1) return timer
    clearReal(timer)
    waiting.set(timer, { at: now() + millis, run: () => run(...args) })
    return timer
  }
  const clearTimeout = (timer: Timer | undefined) => {
    if (timer === undefined || !waiting.delete(timer)) clearReal(timer)
  }
  /** Takes out what is due first, until a time. */
  const takeUntil = (until: number) => {
    let first: readonly [Timer, { readonly at: number; readonly run: () => void }] | undefined
    for (const entry of waiting) {
      if (entry[1].at <= until && (first === undefined || entry[1].at < first[1].at)) first = entry
    }
    if (first !== undefined) waiting.delete(first[0])
    return first?.[1]
  }
  // Node's types ask for the promisified form as well, which no contestant uses.
  return { globals: { setTimeout, clearTimeout } as unknown as Pick<typeof globalThis, "setTimeout">, takeUntil }
}

/**
 * Puts the virtual time in place of that of the process, which caches look at. The network needs timers that run in real
 * time: leave them so where it is used.
 */
export const withVirtualTime = async <A>(
  timers: "virtual timers" | "real timers",
  run: (time: VirtualTime) => Promise<A>
): Promise<A> => {
  const { Date: RealDate, clearTimeout, setTimeout } = globalThis
  const { now: realNow } = RealDate
  const performanceNow = performance.now.bind(performance)
  let millis = realNow()
  const now = () => millis
  const { globals, takeUntil } = makeTimers(now)
  const advance = (by: number) => {
    const until = millis + by
    for (let next = takeUntil(until); next !== undefined; next = takeUntil(until)) {
      millis = next.at
      next.run()
    }
    millis = until
  }
  Object.assign(globalThis, { Date: dateAt(now) }, timers === "virtual timers" ? globals : {})
  RealDate.now = now
  performance.now = now
  try {
    const result = await run({ now, advance, effectClock: clockOf(now) })
    // Some keep a time until their timer is due, also beyond this.
    advance(60_000)
    return result
  } finally {
    Object.assign(globalThis, { Date: RealDate, clearTimeout, setTimeout })
    RealDate.now = realNow
    performance.now = performanceNow
  }
}
