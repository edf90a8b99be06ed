/** Deterministic surroundings for a cache: the checker answers the requests, and moves the clock. */
import type { Origin } from "./adapter.js"

/** One request at the origin. It has read its value, and waits to be answered. */
export interface Request {
  readonly value: string
  readonly isOpen: () => boolean
  readonly answer: () => void
  readonly fail: () => void
}

class OriginError extends Error {}

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

/** One call of `get`, and its outcome so far. */
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

export const formatOutcome = (outcome: Outcome): string => {
  if (outcome.is === "waiting") return "no answer"
  if (outcome.is === "answered") return outcome.value ?? "undefined"
  const { error } = outcome
  if (!(error instanceof Error)) return "an error"
  return `an error (${error.name}${error.message === "" ? "" : `: ${error.message}`})`
}

/** Runs everything that waits neither for the origin nor for time to pass. */
export const settle = async () => {
  for (let turn = 0; turn < 8; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/**
 * Runs with a clock that stands still until `tick`, which is a millisecond. Some caches compare times of the clock, and the
 * speed of the machine must not decide whether they pass.
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
