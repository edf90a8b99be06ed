/** How long it takes to invalidate one user while many values of others are stored. */
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import type { Adapter, CheckedCache } from "./adapter.js"

const keysOfUser = 10

const median = (values: ReadonlyArray<number>) => Arr.sort(values, Order.number)[Math.floor(values.length / 2)] ?? NaN

const fill = async (cache: CheckedCache, from: number, to: number) => {
  for (let user = from; user < to; user++) {
    for (let key = 0; key < keysOfUser; key++) await cache.get(`user-${user}`, `key-${key}`)
  }
}

/** Milliseconds for one user: the median of several rounds, in a cache of so many entries, ten of each user. */
export const invalidationMillis = async (adapter: Adapter, entries: number) => {
  const cache = await adapter.make(async () => "value", 2 * entries)
  const users = entries / keysOfUser
  await fill(cache, 0, users)
  globalThis.gc?.()
  let user = 0
  const round = async (size: number) => {
    const first = user + size > users ? 0 : user
    user = first + size
    const start = performance.now()
    for (let i = first; i < user; i++) await cache.invalidateUser(`user-${i}`)
    const millis = performance.now() - start
    await fill(cache, first, user)
    return millis / size
  }
  const rounds = async (size: number, atLeast: number, atMost: number) => {
    const times: Array<number> = []
    const end = performance.now() + 150
    while (times.length < atLeast || (times.length < atMost && performance.now() < end)) times.push(await round(size))
    return times
  }
  // The first rounds warm up the compiler, and show how much fits in one round.
  const size = median(await rounds(1, 3, 100)) > 5 ? 1 : 10
  const times = await rounds(size, 5, 50)
  await cache.close?.()
  return median(times)
}
