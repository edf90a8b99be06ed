import { QueryClient } from "@tanstack/query-core"
import type { Adapter, Origin } from "../adapter.js"

const makeClient = (origin: Origin) => {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: 30_000, gcTime: Infinity } } })
  const get = (userId: string, key: string) =>
    client.query({ queryKey: [userId, key], queryFn: () => origin(userId, key) })
  return { client, get, close: async () => client.clear() }
}

/** Guide "Query Invalidation": `invalidateQueries` with the part of the key that is the user. */
export const queryCoreInvalidate: Adapter = {
  name: "query-core, invalidateQueries",
  package: "@tanstack/query-core",
  make: (origin) => {
    const { client, ...contestant } = makeClient(origin)
    return { ...contestant, invalidateUser: (userId) => client.invalidateQueries({ queryKey: [userId] }) }
  },
  notes: ["refetchType all changes nothing: a refetch joins the lookup that is under way."]
}

/** Guide "Query Cancellation": `cancelQueries` first, so that what is under way is not stored. */
export const queryCoreCancel: Adapter = {
  name: "query-core, cancelQueries first",
  package: "@tanstack/query-core",
  make: (origin) => {
    const { client, ...contestant } = makeClient(origin)
    return {
      ...contestant,
      invalidateUser: async (userId) => {
        await client.cancelQueries({ queryKey: [userId] })
        await client.invalidateQueries({ queryKey: [userId] })
      }
    }
  },
  notes: ["removeQueries, and cancelQueries with the option silent, fail the readers just the same."]
}
