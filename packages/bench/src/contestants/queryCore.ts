import { QueryClient } from "@tanstack/query-core"
import type { GroupedOptions, MakeGrouped } from "./cache.js"

const makeClient = <A>({ lookup, timeToLive }: GroupedOptions<A>) => {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: timeToLive, gcTime: Infinity } } })
  return {
    client,
    get: (userId: string, key: string) => client.query({ queryKey: [userId, key], queryFn: () => lookup(userId, key) }),
    close: async () => client.clear()
  }
}

/** Guide "Query Invalidation": `invalidateQueries` with the part of the key that is the user. */
export const queryCoreInvalidate: MakeGrouped = (options) => {
  const { client, ...cache } = makeClient(options)
  return { ...cache, invalidateUser: (userId) => client.invalidateQueries({ queryKey: [userId] }) }
}

/** Guide "Query Cancellation": `cancelQueries` first, which prevents a query in flight from being stored. */
export const queryCoreCancel: MakeGrouped = (options) => {
  const { client, ...cache } = makeClient(options)
  return {
    ...cache,
    invalidateUser: async (userId) => {
      await client.cancelQueries({ queryKey: [userId] })
      await client.invalidateQueries({ queryKey: [userId] })
    }
  }
}
