/**
 * The customers: each has an id of the application, which is also the external id of their Tink user, and nothing personal.
 *
 * Each browser that connects a bank is a new customer here. An application with a login knows the customer from it.
 */
import { Ids } from "@effect-tink/http"
import { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { randomUUID } from "node:crypto"

export const CustomerId = Schema.String.pipe(Schema.brand("web/CustomerId"))
export type CustomerId = typeof CustomerId.Type

export interface Customer {
  readonly id: CustomerId
  readonly tinkUser: Option.Option<Ids.UserId>
}

export class Customers extends Context.Tag("web/Customers")<
  Customers,
  {
    readonly create: Effect.Effect<CustomerId, SqlError>
    /** Tink's id for the customer, from when they first connect a bank. */
    readonly getTinkUser: (id: CustomerId) => Effect.Effect<Option.Option<Ids.UserId>, SqlError>
    readonly setTinkUser: (id: CustomerId, userId: Option.Option<Ids.UserId>) => Effect.Effect<void, SqlError>
    readonly findByTinkUser: (userId: Ids.UserId) => Effect.Effect<Option.Option<CustomerId>, SqlError>
    /** A session of the customer lasts until `time`, in epoch milliseconds. Written before the session. */
    readonly extendUntil: (id: CustomerId, time: number) => Effect.Effect<void, SqlError>
    /** The customers whose last session ended at `time` or before. */
    readonly findInactiveSince: (time: number) => Effect.Effect<ReadonlyArray<Customer>, SqlError>
    /** Deletes a customer, unless they have had a session after `time`. */
    readonly deleteInactiveSince: (id: CustomerId, time: number) => Effect.Effect<void, SqlError>
  }
>() {}

const toTinkUser = (userId: string | null | undefined) =>
  Option.map(Option.fromNullable(userId), (id) => Ids.UserId.make(id))

export const layer = Layer.effect(
  Customers,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    return {
      create: Effect.gen(function* () {
        const id = CustomerId.make(`user-${randomUUID()}`)
        const now = yield* Clock.currentTimeMillis
        yield* sql`INSERT INTO customers ${sql.insert({ id, created_at: now, session_ends_at: now })}`
        return id
      }),
      getTinkUser: (id) =>
        Effect.map(
          sql<{ readonly userId: string | null }>`SELECT tink_user_id AS "userId" FROM customers WHERE id = ${id}`,
          ([row]) => toTinkUser(row?.userId)
        ),
      setTinkUser: (id, userId) =>
        sql`UPDATE customers SET tink_user_id = ${Option.getOrNull(userId)} WHERE id = ${id}`,
      findByTinkUser: (userId) =>
        Effect.map(sql<{ readonly id: string }>`SELECT id FROM customers WHERE tink_user_id = ${userId}`, ([row]) =>
          Option.map(Option.fromNullable(row?.id), (id) => CustomerId.make(id))
        ),
      extendUntil: (id, time) =>
        sql`UPDATE customers SET session_ends_at = ${time} WHERE id = ${id} AND session_ends_at < ${time}`,
      findInactiveSince: (time) =>
        Effect.map(
          sql<{ readonly id: string; readonly userId: string | null }>`
            SELECT id, tink_user_id AS "userId" FROM customers WHERE session_ends_at <= ${time}`,
          (rows) => rows.map(({ id, userId }) => ({ id: CustomerId.make(id), tinkUser: toTinkUser(userId) }))
        ),
      deleteInactiveSince: (id, time) => sql`DELETE FROM customers WHERE id = ${id} AND session_ends_at <= ${time}`
    }
  })
)
