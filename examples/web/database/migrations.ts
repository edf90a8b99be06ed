/** The tables, for SQLite and Postgres alike. Times are milliseconds since 1970. A migration that was released is never changed. */
import { Migrator, SqlClient } from "@effect/sql"
import { Effect } from "effect"

const createTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Written before the Tink user is created, with the external id that the Tink user gets.
  yield* sql`
    CREATE TABLE customers (
      id TEXT PRIMARY KEY,
      tink_user_id TEXT UNIQUE,
      created_at BIGINT NOT NULL
    )`
  yield* sql`
    CREATE TABLE sessions (
      id_hash TEXT PRIMARY KEY,
      customer_id TEXT NOT NULL REFERENCES customers (id),
      expires_at BIGINT NOT NULL
    )`
  yield* sql`CREATE INDEX sessions_customer_id ON sessions (customer_id)`
  yield* sql`CREATE INDEX sessions_expires_at ON sessions (expires_at)`
  // Without a credential, the visit connects a bank.
  yield* sql`
    CREATE TABLE visits (
      state_hash TEXT PRIMARY KEY,
      session_id_hash TEXT NOT NULL,
      credentials_id TEXT,
      expires_at BIGINT NOT NULL
    )`
  yield* sql`CREATE INDEX visits_session_id_hash ON visits (session_id_hash)`
  yield* sql`CREATE INDEX visits_expires_at ON visits (expires_at)`
  yield* sql`
    CREATE TABLE registrations (
      address TEXT NOT NULL,
      hour BIGINT NOT NULL,
      registered INTEGER NOT NULL,
      PRIMARY KEY (address, hour)
    )`
})

const addSessionEnd = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // When the customer's last session ends or ended, which is known after its row is deleted.
  yield* sql`ALTER TABLE customers ADD COLUMN session_ends_at BIGINT NOT NULL DEFAULT 0`
  yield* sql`
    UPDATE customers SET session_ends_at = COALESCE(
      (SELECT MAX(expires_at) FROM sessions WHERE customer_id = customers.id),
      created_at
    )`
  yield* sql`CREATE INDEX customers_session_ends_at ON customers (session_ends_at)`
})

export const run = Migrator.make({})({
  loader: Migrator.fromRecord({
    "0001_create_tables": createTables,
    "0002_add_session_end": addSessionEnd
  })
})
