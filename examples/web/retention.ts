/** Deletes what is no longer needed: sessions that have ended, and customers who do not come back, at Tink too. */
import { Users } from "@effect-tink/users"
import { Array, Clock, Duration, Effect, Layer, Option, Schedule } from "effect"
import { type Customer, Customers } from "./customers.js"
import { log } from "./errors.js"
import { Sessions } from "./sessions.js"
import { Settings } from "./settings.js"

const interval = Duration.hours(1)

/** Their Tink user first: without the row, that user would be unknown. Tink says that it is gone when another process was faster. */
const forget = ({ id, tinkUser }: Customer, time: number) =>
  Effect.gen(function* () {
    const users = yield* Users.Users
    const customers = yield* Customers
    // The program may have ended after it created the user, before it stored their id.
    yield* users.deleteUser(
      Option.match(tinkUser, { onNone: () => ({ externalUserId: id }), onSome: (userId) => ({ userId }) })
    )
    yield* customers.deleteInactiveSince(id, time)
  })

/** What fails is tried again the next time. Several processes may run this at once. */
export const deleteUnneeded = Effect.gen(function* () {
  const customers = yield* Customers
  const sessions = yield* Sessions
  const { customerRetention } = yield* Settings
  const time = (yield* Clock.currentTimeMillis) - Duration.toMillis(customerRetention)
  yield* sessions.deleteExpired
  const inactive = yield* customers.findInactiveSince(time)
  const [failures] = yield* Effect.partition(inactive, (customer) => forget(customer, time))
  if (!Array.isNonEmptyArray(failures)) return
  yield* log(failures[0])
  yield* Effect.logWarning(`${failures.length} of ${inactive.length} inactive customers could not be deleted.`)
})

export const layer = Layer.scopedDiscard(
  deleteUnneeded.pipe(Effect.catchAll(log), Effect.repeat(Schedule.spaced(interval)), Effect.forkScoped)
)
