/**
 * The browsers that use this application: each has a cookie that says nothing, and all else stays here.
 *
 * Here a new browser is a new customer. An application with a login has the customer's id from there, keeps it and the id
 * of the Tink user in its database, and makes a new session id when somebody logs in.
 */
import type { Ids } from "@effect-tink/http"
import { Clock, Context, Duration, Effect, Layer, Option, PubSub, Redacted, Ref } from "effect"
import { randomUUID } from "node:crypto"
import { randomToken } from "./randomToken.js"
import * as Visits from "./visits.js"

/** Something has happened to the connections of a customer, and maybe goes on happening to one of them. */
export interface Change {
  readonly id: Option.Option<Ids.CredentialsId>
}

export interface Session {
  /** The value of the cookie. */
  readonly id: Redacted.Redacted
  /** What Tink knows the customer by. Nothing personal. */
  readonly customerId: string
  /** Who the customer is to Tink; nobody before they connect a bank. */
  readonly tinkUserId: Ref.Ref<Option.Option<Ids.UserId>>
  readonly visits: Visits.Visits
  /** For all pages that the browser has open. */
  readonly changes: PubSub.PubSub<Change>
}

/** How long a session lasts after it was last used, and the cookie as well. */
export const lifetime = Duration.days(7)

/** With more than this, those that were not used for longest end. */
const defaultCapacity = 10_000

export class Sessions extends Context.Tag("web/Sessions")<
  Sessions,
  {
    /** The session with this id, which lives on for its lifetime, unless it has ended. */
    readonly find: (id: Redacted.Redacted) => Effect.Effect<Option.Option<Session>>
    readonly create: Effect.Effect<Session>
  }
>() {}

const makeSession = Effect.map(
  Effect.all({ tinkUserId: Ref.make(Option.none<Ids.UserId>()), changes: PubSub.sliding<Change>(16) }),
  (parts): Session => ({
    ...parts,
    id: Redacted.make(randomToken()),
    customerId: `cust-${randomUUID()}`,
    visits: Visits.make()
  })
)

export const make = (options: { readonly capacity: number }) => {
  // In the order of their last use, so those that end next come first.
  const entries = new Map<string, { readonly session: Session; readonly until: number }>()

  const keep = (session: Session, now: number) => {
    const key = Redacted.value(session.id)
    entries.delete(key)
    entries.set(key, { session, until: now + Duration.toMillis(lifetime) })
  }

  const tidy = (now: number) => {
    for (const [key, { until }] of entries) {
      if (now < until && entries.size <= options.capacity) return
      entries.delete(key)
    }
  }

  return Sessions.of({
    find: (id) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        tidy(now)
        const session = entries.get(Redacted.value(id))?.session
        if (session !== undefined) keep(session, now)
        return Option.fromNullable(session)
      }),
    create: Effect.gen(function* () {
      const session = yield* makeSession
      const now = yield* Clock.currentTimeMillis
      keep(session, now)
      tidy(now)
      return session
    })
  })
}

export const layer = (options: { readonly capacity: number } = { capacity: defaultCapacity }) =>
  Layer.sync(Sessions, () => make(options))
