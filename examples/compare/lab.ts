/** What makes a run deterministic: an origin that answers when it is told to, and a clock that moves when it is told to. */
import type { Origin } from "./adapter.js"

/** One request at the origin. It has read its value already; the answer is still under way. */
export interface Request {
  readonly value: string
  readonly isOpen: () => boolean
  readonly answer: () => void
  readonly fail: () => void
}

export class OriginError extends Error {}

/** An origin whose value is "v1", "v2" after the first write, and so on. */
export const makeOrigin = () => {
  const requests: Array<Request> = []
  let version = 1
  const origin: Origin = () =>
    new Promise((resolve, reject) => {
      const value = `v${version}`
      let isOpen = true
      const close = (how: () => void) => () => {
        isOpen = false
        how()
      }
      requests.push({
        value,
        isOpen: () => isOpen,
        answer: close(() => resolve(value)),
        fail: close(() => reject(new OriginError("the origin failed")))
      })
    })
  const current = () => `v${version}`
  const write = () => {
    version += 1
    return current()
  }
  return { origin, requests, current, write }
}

/** One call of `get`, and what has come of it so far. */
export interface Reader {
  readonly name: string
  readonly outcome: () => Outcome
}

export type Outcome =
  | { readonly is: "waiting" }
  | { readonly is: "answered"; readonly value: string | undefined }
  | { readonly is: "failed"; readonly error: unknown }

export const makeReader = (name: string, get: () => Promise<string | undefined>): Reader => {
  let outcome: Outcome = { is: "waiting" }
  void get().then(
    (value) => (outcome = { is: "answered", value }),
    (error: unknown) => (outcome = { is: "failed", error })
  )
  return { name, outcome: () => outcome }
}

export const inWords = (outcome: Outcome): string => {
  if (outcome.is === "waiting") return "no answer"
  if (outcome.is === "answered") return outcome.value ?? "undefined"
  const { error } = outcome
  if (!(error instanceof Error)) return "an error"
  return `an error (${error.name}${error.message === "" ? "" : `: ${error.message}`})`
}

/** Lets everything that does not wait for the origin, or for time to pass, come to rest. */
export const settle = async () => {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/**
 * Runs with a clock that stands still until `tick`, which is a millisecond: some caches compare times of the clock, and
 * should not pass, or fail, for the speed of this machine.
 */
export const withClock = async <A>(run: (tick: () => void) => Promise<A>): Promise<A> => {
  const { now } = Date
  let millis = now()
  Date.now = () => millis
  try {
    return await run(() => (millis += 1))
  } finally {
    Date.now = now
  }
}
