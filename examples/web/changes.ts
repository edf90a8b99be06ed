/** Tells the open pages of a customer that something has changed at Tink. */
import type { Ids } from "@effect-tink/http"
import { Context, Effect, Layer, Option, Queue, type Scope } from "effect"
import type { CustomerId } from "./customers.js"

/** The list of a customer's connections has changed or, with an id, the state of one of them. */
export interface Change {
  readonly id: Option.Option<Ids.CredentialsId>
}

export class Changes extends Context.Tag("web/Changes")<
  Changes,
  {
    readonly publish: (customerId: CustomerId, id?: Ids.CredentialsId) => Effect.Effect<void>
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
    publish: (customerId, id) =>
      Effect.forEach(pages.get(customerId) ?? [], (queue) => Queue.offer(queue, { id: Option.fromNullable(id) }), {
        discard: true
      }),
    subscribe: (customerId) =>
      Effect.acquireRelease(
        Effect.tap(Queue.sliding<Change>(16), (queue) => Effect.sync(() => add(customerId, queue))),
        (queue) => Effect.sync(() => remove(customerId, queue))
      )
  }
})
