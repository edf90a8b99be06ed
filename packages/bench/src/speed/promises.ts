/** Contestants whose operations are promises. */
import type { MakeGrouped, MakeKeyed } from "../contestants/cache.js"
import type { Answer, Cache, Client, Setup } from "./contestant.js"
import { type FetchClient, fetchClient } from "./fetchClient.js"
import { listPath } from "./tink.js"

const doNothing = async () => {}

export const makeClient = (
  list: (userId: string) => Promise<Answer>,
  close: () => Promise<void> = doNothing
): Client => ({
  one: list,
  many: (userIds, concurrency) => async () => {
    // One iterator for all workers: each takes the next user.
    const rest = userIds.values()
    const worker = async () => {
      for (const userId of rest) await list(userId)
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, userIds.length) }, worker))
  },
  close
})

/** What a cache does with one user. */
interface Operations {
  readonly list: (userId: string) => Promise<Answer>
  readonly invalidate: (userId: string) => Promise<unknown>
  readonly close: (() => Promise<void>) | undefined
}

/** A cache in front of the hand-written client. */
const makeCache = ({ origin }: Setup, make: (client: FetchClient) => Operations): Cache => {
  const client = fetchClient(origin)
  const { close, invalidate, list } = make(client)
  return {
    ...makeClient(list, close),
    invalidate: (userIds) => async () => {
      for (const userId of userIds) await invalidate(userId)
    },
    change: async (userId) => {
      await client.refresh(userId)
      await invalidate(userId)
    }
  }
}

/** One list is stored of each user, so the user id is the key. */
export const fromKeyed = (make: MakeKeyed) => (setup: Setup) =>
  makeCache(setup, ({ list }) => {
    const { close, get, invalidate } = make({ ...setup, lookup: (userId) => list(userId) })
    return { list: get, invalidate: (userId) => invalidate([userId]), close }
  })

export const fromGrouped = (make: MakeGrouped) => (setup: Setup) =>
  makeCache(setup, ({ list }) => {
    const { close, get, invalidateUser } = make({ ...setup, lookup: (userId) => list(userId) })
    return { list: (userId) => get(userId, listPath), invalidate: invalidateUser, close }
  })
