/**
 * The sessions of browsers: each has a cookie with a random id, and everything else stays on the server.
 *
 * Each new browser is a new user here. An application with a login knows the user from it, stores the id of the Tink user in its
 * database, and makes a new session id at each login.
 */
import type { Ids } from "@effect-tink/http"
import { Clock, Context, Duration, Effect, Layer, Option, PubSub, Redacted, Ref } from "effect"
import { randomUUID } from "node:crypto"
import { randomToken } from "./randomToken.js"
import * as Visits from "./visits.js"

/** Something has changed at Tink: the list of a user's connections or, with an id, the state of one of them. */
export interface Change {
  readonly id: Option.Option<Ids.CredentialsId>
}

export interface Session {
  /** The value of the cookie. */
  readonly id: Redacted.Redacted
  /** The application's id for the user, which Tink stores too. Nothing personal. */
  readonly externalUserId: string
  /** Tink's id for the user, from when they first connect a bank. */
  readonly tinkUserId: Ref.Ref<Option.Option<Ids.UserId>>
  readonly visits: Visits.Visits
  /** For all pages that the browser has open. */
  readonly changes: PubSub.PubSub<Change>
}

/** How long a session and its cookie last after the last use. */
export const lifetime = Duration.days(7)

/** If there are more sessions than this, the least recently used ones end. */
const defaultCapacity = 10_000

export class Sessions extends Context.Tag("web/Sessions")<
  Sessions,
  {
    /** The session with this id, unless it has ended. Finding it extends it by `lifetime`. */
    readonly find: (id: Redacted.Redacted) => Effect.Effect<Option.Option<Session>>
    readonly create: Effect.Effect<Session>
  }
>() {}

const makeSession = Effect.map(
  Effect.all({ tinkUserId: Ref.make(Option.none<Ids.UserId>()), changes: PubSub.sliding<Change>(16) }),
  (parts): Session => ({
    ...parts,
    id: Redacted.make(randomToken()),
    externalUserId: `user-${randomUUID()}`,
    visits: Visits.make()
  })
)

export const make = (options: { readonly capacity: number }) => {
  // In the order of their last use: the next to end is the first.
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
