/** The database: a SQLite file or, if DATABASE_URL is set, Postgres. */
import { LibsqlClient } from "@effect/sql-libsql"
import { PgClient } from "@effect/sql-pg"
import type * as Migrator from "@effect/sql/Migrator"
import { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Config, ConfigError, Effect, Layer, Option, type Redacted, Schedule } from "effect"
import { pathToFileURL } from "node:url"
import * as Migrations from "./migrations.js"

/** Another process may start at the same time. */
const migrate = Effect.retry(Migrations.run, Schedule.intersect(Schedule.spaced("200 millis"), Schedule.recurs(10)))

/** How processes share a file: readers do not wait, and writers wait for each other. */
const shareFile = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`PRAGMA busy_timeout = 5000`
  yield* sql`PRAGMA journal_mode = WAL`
  yield* sql`PRAGMA synchronous = NORMAL`
})

const cannotOpen = (file: string) =>
  ConfigError.InvalidData(["DATABASE_FILE"], `${file} cannot be opened as a SQLite database`)

export type DatabaseError = ConfigError.ConfigError | SqlError | Migrator.MigrationError

export type Database = Layer.Layer<SqlClient.SqlClient, DatabaseError>

export const layerSqlite = (file: string): Database =>
  // The client opens a new connection after a transaction, such as that of the migrations.
  Layer.effectDiscard(Effect.andThen(shareFile, Effect.andThen(migrate, shareFile))).pipe(
    Layer.provideMerge(LibsqlClient.layer({ url: pathToFileURL(file) })),
    Layer.catchAllCause(() => Layer.fail(cannotOpen(file)))
  )

export const layerPostgres = (url: Redacted.Redacted): Database =>
  Layer.effectDiscard(migrate).pipe(Layer.provideMerge(PgClient.layer({ url, applicationName: "your-banks" })))

export const layerConfig = Layer.unwrapEffect(
  Effect.gen(function* () {
    const url = yield* Config.option(Config.redacted("DATABASE_URL"))
    if (Option.isSome(url)) return layerPostgres(url.value)
    return layerSqlite(yield* Config.withDefault(Config.nonEmptyString("DATABASE_FILE"), "your-banks.sqlite"))
  })
)
