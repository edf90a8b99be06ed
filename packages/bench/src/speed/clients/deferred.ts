import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type { Answer, Cache, Contestant } from "../contestant.js"
import * as Effects from "../effects.js"
import { layerHttpClient, makePlatformClient } from "./platformClient.js"

/** A `Deferred` for each user, and nothing else: the cost of fibers that wait for one answer. */
export const deferred: Contestant<Cache> = {
  name: "a bare Deferred",
  packages: ["effect"],
  make: async (setup) => {
    const runtime = ManagedRuntime.make(layerHttpClient(setup))
    const client = await runtime.runPromise(makePlatformClient(setup.origin))
    const answers = new Map<string, Deferred.Deferred<Answer, unknown>>()
    const lookUp = (userId: string) =>
      Effect.flatMap(Deferred.make<Answer, unknown>(), (answer) => {
        answers.set(userId, answer)
        return Effect.andThen(Deferred.complete(answer, client.list(userId)), Deferred.await(answer))
      })
    const forget = (userId: string) => Effect.sync(() => void answers.delete(userId))
    return Effects.makeCache(setup, runtime, {
      open: (userId) => userId,
      list: (userId) => {
        const answer = answers.get(userId)
        return answer === undefined ? lookUp(userId) : Deferred.await(answer)
      },
      invalidate: forget,
      change: (userId) => Effect.andThen(client.refresh(userId), forget(userId))
    })
  }
}
