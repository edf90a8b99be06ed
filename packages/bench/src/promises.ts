/** Contestants that speak in promises. */
import type { Answer, Cache, Client, Setup } from "./contestant.js"
import { type FetchClient, fetchClient } from "./fetchClient.js"

const doNothing = async () => {}

export const clientOf = (
  list: (userId: string) => Promise<Answer>,
  close: () => Promise<void> = doNothing
): Client => ({
  one: list,
  many: (userIds, concurrency) => async () => {
    // One iterator for all workers, each of which takes the next user.
    const rest = userIds.values()
    const worker = async () => {
      for (const userId of rest) await list(userId)
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, userIds.length) }, worker))
  },
  close
})

/** What a cache does with one user. */
export interface Operations {
  readonly list: (userId: string) => Promise<Answer>
  readonly invalidate: (userId: string) => Promise<unknown>
  readonly close?: () => Promise<void>
}

/** A cache in front of the hand-written client. */
export const cacheOf = ({ origin }: Setup, make: (client: FetchClient) => Operations): Cache => {
  const client = fetchClient(origin)
  const { close, invalidate, list } = make(client)
  return {
    ...clientOf(list, close),
    invalidate: (userIds) => async () => {
      for (const userId of userIds) await invalidate(userId)
    },
    change: async (userId) => {
      await client.refresh(userId)
      await invalidate(userId)
    }
  }
}
