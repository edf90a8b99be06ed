/** Tells the pages of this process what another process has changed, as far as they share a Redis. */
import { Ids } from "@effect-tink/http"
import { UserCache } from "@effect-tink/user-cache"
import { Effect, Layer, Schema, Stream } from "effect"
import { log } from "./errors.js"
import { publishTinkUser } from "./tinkUser.js"

export const layer = Layer.scopedDiscard(
  Effect.flatMap(UserCache.UserCache, ({ changes }) =>
    changes.pipe(
      Stream.filter(Schema.is(Ids.UserId)),
      Stream.runForEach((userId) => Effect.catchAll(publishTinkUser(userId), log)),
      Effect.forkScoped
    )
  )
)
