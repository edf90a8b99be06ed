/**
 * Limits how many customers are created, before there is a session or a Tink user: per address, and in total. The counts are in the
 * database, so that all processes share them. They are deleted after the hour.
 */
import { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Clock, Context, Duration, Effect, Layer } from "effect"
import { tooManyRequests, type TooManyRequests } from "./errors.js"
import { Settings } from "./settings.js"

export class Registrations extends Context.Tag("web/Registrations")<
  Registrations,
  {
    /** Counts a registration, and fails if it is one too many. */
    readonly admit: (address: string) => Effect.Effect<void, TooManyRequests | SqlError>
  }
>() {}

const hour = Duration.toMillis("1 hour")

const anyAddress = "*"

export const layer = Layer.effect(
  Registrations,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { limits } = yield* Settings

    const count = (address: string, start: number) =>
      Effect.map(
        sql<{ readonly registered: number }>`
          INSERT INTO registrations ${sql.insert({ address, hour: start, registered: 1 })}
          ON CONFLICT (address, hour) DO UPDATE SET registered = registrations.registered + 1
          RETURNING registered`,
        ([row]) => row?.registered ?? 1
      )

    return {
      admit: (address) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const start = now - (now % hour)
          yield* sql`DELETE FROM registrations WHERE hour < ${start}`
          const refuse = (message: string) => tooManyRequests(message, Duration.millis(start + hour - now))
          if ((yield* count(address, start)) > limits.registrationsPerAddress) {
            return yield* refuse("Too many people have started here from your network. Please try again later.")
          }
          if ((yield* count(anyAddress, start)) > limits.registrations) {
            return yield* refuse("Too many people have started here in a short time. Please try again later.")
          }
        })
    }
  })
)
