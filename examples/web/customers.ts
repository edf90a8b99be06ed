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

export class Customers extends Context.Tag("web/Customers")<
  Customers,
  {
    readonly create: Effect.Effect<CustomerId, SqlError>
    /** Tink's id for the customer, from when they first connect a bank. */
    readonly getTinkUser: (id: CustomerId) => Effect.Effect<Option.Option<Ids.UserId>, SqlError>
    readonly setTinkUser: (id: CustomerId, userId: Option.Option<Ids.UserId>) => Effect.Effect<void, SqlError>
    readonly findByTinkUser: (userId: Ids.UserId) => Effect.Effect<Option.Option<CustomerId>, SqlError>
  }
>() {}

export const layer = Layer.effect(
  Customers,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    return {
      create: Effect.gen(function* () {
        const id = CustomerId.make(`user-${randomUUID()}`)
        const now = yield* Clock.currentTimeMillis
        yield* sql`INSERT INTO customers ${sql.insert({ id, created_at: now })}`
        return id
      }),
      getTinkUser: (id) =>
        Effect.map(
          sql<{ readonly userId: string | null }>`SELECT tink_user_id AS "userId" FROM customers WHERE id = ${id}`,
          ([row]) => Option.map(Option.fromNullable(row?.userId), (userId) => Ids.UserId.make(userId))
        ),
      setTinkUser: (id, userId) =>
        sql`UPDATE customers SET tink_user_id = ${Option.getOrNull(userId)} WHERE id = ${id}`,
      findByTinkUser: (userId) =>
        Effect.map(sql<{ readonly id: string }>`SELECT id FROM customers WHERE tink_user_id = ${userId}`, ([row]) =>
          Option.map(Option.fromNullable(row?.id), (id) => CustomerId.make(id))
        )
    }
  })
)
