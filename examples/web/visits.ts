/** The visits to Tink Link that browsers have begun. Each can end once, in the browser that began it. */
import { Ids } from "@effect-tink/http"
import { SqlClient } from "@effect/sql"
import type { SqlError } from "@effect/sql/SqlError"
import { Clock, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { hashToken, randomToken } from "./secrets.js"
import type { Session } from "./sessions.js"

/** What a visit is for: to connect a bank, or to renew the consent for a credential. */
export type Purpose =
  { readonly _tag: "Connect" } | { readonly _tag: "Renew"; readonly credentialsId: Ids.CredentialsId }

export class Visits extends Context.Tag("web/Visits")<
  Visits,
  {
    /** Returns the `state` for the link. */
    readonly begin: (session: Session, purpose: Purpose) => Effect.Effect<Redacted.Redacted, SqlError>
    /** Ends the visit with this `state`, and returns its purpose. None if there is no such visit, or it has ended or expired. */
    readonly end: (session: Session, state: string) => Effect.Effect<Option.Option<Purpose>, SqlError>
  }
>() {}

/** If a browser begins more visits than this, in several tabs, the oldest is dropped. */
const capacity = 8

const lifetime = Duration.hours(1)

const toPurpose = (credentialsId: string | null): Purpose =>
  credentialsId === null ? { _tag: "Connect" } : { _tag: "Renew", credentialsId: Ids.CredentialsId.make(credentialsId) }

export const layer = Layer.effect(
  Visits,
  Effect.map(SqlClient.SqlClient, (sql) => ({
    begin: ({ idHash }, purpose) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const state = randomToken()
        yield* sql`DELETE FROM visits WHERE expires_at <= ${now}`
        yield* sql`INSERT INTO visits ${sql.insert({
          state_hash: hashToken(state),
          session_id_hash: idHash,
          credentials_id: purpose._tag === "Renew" ? purpose.credentialsId : null,
          expires_at: now + Duration.toMillis(lifetime)
        })}`
        yield* sql`
          DELETE FROM visits WHERE session_id_hash = ${idHash} AND state_hash NOT IN (
            SELECT state_hash FROM visits WHERE session_id_hash = ${idHash} ORDER BY expires_at DESC LIMIT ${capacity}
          )`
        return Redacted.make(state)
      }),
    end: ({ idHash }, state) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        // One statement, so that of two requests at once only one gets the visit.
        const [row] = yield* sql<{ readonly credentialsId: string | null }>`
          DELETE FROM visits
          WHERE state_hash = ${hashToken(state)} AND session_id_hash = ${idHash} AND expires_at > ${now}
          RETURNING credentials_id AS "credentialsId"`
        return Option.map(Option.fromNullable(row), ({ credentialsId }) => toPurpose(credentialsId))
      })
  }))
)
