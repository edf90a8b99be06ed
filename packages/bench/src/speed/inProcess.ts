/** The origin in this process, for benchmarks that do not measure the network. */
import type { Origin } from "./contestant.js"
import { makeTink, type PlainRequest } from "./tink.js"

/** The benchmarks that use this origin send no bodies. */
export const toPlainRequest = (...[input, init]: Parameters<typeof fetch>): PlainRequest => ({
  path: new URL(input instanceof Request ? input.url : input).pathname,
  authorization: new Headers(init?.headers).get("authorization") ?? undefined,
  body: ""
})

export const baseUrl = "http://127.0.0.1:1"

/** Answers at once. */
export const makeOrigin = (): Origin => {
  const tink = makeTink()
  return {
    baseUrl,
    fetch: async (...args) => {
      const { body, status } = tink.answer(toPlainRequest(...args))
      return new Response(body === "" ? null : body, { status })
    }
  }
}
