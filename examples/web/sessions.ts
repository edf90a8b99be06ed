/**
 * The sessions of browsers. Each browser has a cookie with a random id. The database stores its hash.
 *
 * An application with a login makes a new session id at each login.
 */
import { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Clock, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { CustomerId, Customers } from "./customers.js"
import { hashToken, randomToken } from "./secrets.js"

export interface Session {
  readonly idHash: string
  readonly customerId: CustomerId
}

/** How long a session and its cookie last after the last use. */
export const lifetime = Duration.days(7)

/** A session that was extended less than this ago is not written again. */
const extensionInterval = Duration.hours(12)

export class Sessions extends Context.Tag("web/Sessions")<
  Sessions,
  {
    /** The session with this id, unless it has ended. Finding it extends it by `lifetime`. */
    readonly find: (id: Redacted.Redacted) => Effect.Effect<Option.Option<Session>, SqlError>
    /** Extends a session by `lifetime`. Returns whether it has not ended. */
    readonly extend: (session: Session) => Effect.Effect<boolean, SqlError>
    /** Creates a customer, and a session for their browser. Returns the value of the cookie. */
    readonly create: Effect.Effect<readonly [Redacted.Redacted, Session], SqlError>
    readonly deleteExpired: Effect.Effect<void, SqlError>
  }
>() {}

export const layer = Layer.effect(
  Sessions,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const customers = yield* Customers

    const findByHash = (idHash: string) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        // Postgres returns a BIGINT as text.
        const [row] = yield* sql<{ readonly customerId: string; readonly expiresAt: number | string }>`
          SELECT customer_id AS "customerId", expires_at AS "expiresAt"
          FROM sessions WHERE id_hash = ${idHash} AND expires_at > ${now}`
        if (row === undefined) return Option.none()
        const session: Session = { idHash, customerId: CustomerId.make(row.customerId) }
        const until = now + Duration.toMillis(lifetime)
        if (Number(row.expiresAt) < until - Duration.toMillis(extensionInterval)) {
          yield* customers.extendUntil(session.customerId, until)
          yield* sql`UPDATE sessions SET expires_at = ${until} WHERE id_hash = ${idHash}`
        }
        return Option.some(session)
      })

    return {
      find: (id) => findByHash(hashToken(Redacted.value(id))),
      extend: ({ idHash }) => Effect.map(findByHash(idHash), Option.isSome),
      create: Effect.gen(function* () {
        const id = randomToken()
        const session = { idHash: hashToken(id), customerId: yield* customers.create }
        const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(lifetime)
        yield* customers.extendUntil(session.customerId, until)
        yield* sql`INSERT INTO sessions ${sql.insert({
          id_hash: session.idHash,
          customer_id: session.customerId,
          expires_at: until
        })}`
        return [Redacted.make(id), session] as const
      }),
      deleteExpired: Effect.flatMap(
        Clock.currentTimeMillis,
        (now) => sql`DELETE FROM sessions WHERE expires_at <= ${now}`
      )
    }
  })
)
