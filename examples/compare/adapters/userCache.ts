import { UserCache } from "@effect-tink/user-cache"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Adapter } from "../adapter.js"
import { request, run } from "./effect.js"

/** README: `get`, `invalidate`. */
export const userCache: Adapter = {
  name: "UserCache",
  package: "@effect-tink/user-cache",
  make: (origin, capacity) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const cache = yield* Scope.extend(UserCache.make({ capacity }), scope)
      const get = (userId: string, key: string) => cache.get(userId, key, request(origin, userId, key))
      return {
        get: (userId: string, key: string) => run(get(userId, key)),
        getWithin: (userId: string, key: string, millis: number) => run(Effect.timeout(get(userId, key), millis)),
        invalidateUser: (userId: string) => run(cache.invalidate(userId)),
        close: () => run(Scope.close(scope, Exit.void))
      }
    }).pipe(Effect.runPromise)
}
