/** The origin in this process, for what is not about the network. */
import type { Origin } from "./contestant.js"
import { type Ask, makeTink } from "./tink.js"

/** What a `fetch` is asked. The benchmarks that use it send no bodies. */
export const askOf = (...[input, init]: Parameters<typeof fetch>): Ask => ({
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
      const { body, status } = tink.answer(askOf(...args))
      return new Response(body === "" ? null : body, { status })
    }
  }
}
