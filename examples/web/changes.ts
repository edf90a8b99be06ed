/** Tells the open pages of a customer that something has changed at Tink. */
import type { Ids } from "@effect-tink/http"
import { Context, Effect, Layer, Queue, type Scope } from "effect"
import type { CustomerId } from "./customers.js"

/** What has changed: the list of a customer's connections, or one of them. */
export type Change =
  | { readonly _tag: "List" }
  /** The customer has started a refresh. */
  | { readonly _tag: "Started"; readonly id: Ids.CredentialsId }
  /** The customer has come back from Tink Link. */
  | { readonly _tag: "Returned"; readonly id: Ids.CredentialsId }
  /** Tink reports that a refresh has finished. */
  | { readonly _tag: "Finished"; readonly id: Ids.CredentialsId }

export const list: Change = { _tag: "List" }

export const started = (id: Ids.CredentialsId): Change => ({ _tag: "Started", id })

export const returned = (id: Ids.CredentialsId): Change => ({ _tag: "Returned", id })

export const finished = (id: Ids.CredentialsId): Change => ({ _tag: "Finished", id })

export class Changes extends Context.Tag("web/Changes")<
  Changes,
  {
    readonly publish: (customerId: CustomerId, change: Change) => Effect.Effect<void>
    readonly subscribe: (customerId: CustomerId) => Effect.Effect<Queue.Dequeue<Change>, never, Scope.Scope>
  }
>() {}

export const layer = Layer.sync(Changes, () => {
  const pages = new Map<CustomerId, Set<Queue.Queue<Change>>>()

  const add = (customerId: CustomerId, queue: Queue.Queue<Change>) => {
    const queues = pages.get(customerId) ?? new Set()
    pages.set(customerId, queues.add(queue))
  }

  const remove = (customerId: CustomerId, queue: Queue.Queue<Change>) => {
    const queues = pages.get(customerId)
    queues?.delete(queue)
    if (queues?.size === 0) pages.delete(customerId)
  }

  return {
    publish: (customerId, change) =>
      Effect.forEach(pages.get(customerId) ?? [], (queue) => Queue.offer(queue, change), { discard: true }),
    subscribe: (customerId) =>
      Effect.acquireRelease(
        Effect.tap(Queue.sliding<Change>(16), (queue) => Effect.sync(() => add(customerId, queue))),
        (queue) => Effect.sync(() => remove(customerId, queue))
      )
  }
})
