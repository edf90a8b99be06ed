import { Ids } from "@effect-tink/http"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Redacted, TestClock } from "effect"
import * as Sessions from "./sessions.js"
import * as Visits from "./visits.js"

describe("sessions", () => {
  it.effect("a session lives as long as it is used", () =>
    Effect.gen(function* () {
      const sessions = Sessions.make({ capacity: 10 })
      const { id } = yield* sessions.create
      for (let day = 0; day < 30; day++) {
        yield* TestClock.adjust("1 day")
        assert.isTrue(Option.isSome(yield* sessions.find(id)))
      }
      yield* TestClock.adjust(Sessions.lifetime)
      assert.isTrue(Option.isNone(yield* sessions.find(id)))
    })
  )

  it.effect("above the capacity, the least recently used sessions end", () =>
    Effect.gen(function* () {
      const sessions = Sessions.make({ capacity: 2 })
      const first = yield* sessions.create
      const second = yield* sessions.create
      yield* sessions.find(first.id)
      const third = yield* sessions.create
      const found = yield* Effect.forEach([first, second, third], ({ id }) => sessions.find(id))
      assert.deepStrictEqual(found.map(Option.isSome), [true, false, true])
    })
  )

  it.effect("an unknown id does not make a session", () =>
    Effect.gen(function* () {
      const sessions = Sessions.make({ capacity: 10 })
      for (const id of ["", "constructor", "x".repeat(43)]) {
        assert.isTrue(Option.isNone(yield* sessions.find(Redacted.make(id))))
      }
    })
  )
})

describe("visits", () => {
  const connect: Visits.Purpose = { _tag: "Connect" }

  it.effect("a visit ends once, with its purpose", () =>
    Effect.gen(function* () {
      const visits = Visits.make()
      const credentialsId = Ids.CredentialsId.make("0123456789abcdef0123456789abcdef")
      const renewal = yield* visits.begin({ _tag: "Renew", credentialsId })
      const connection = yield* visits.begin(connect)
      const end = (state: Redacted.Redacted) => visits.end(Redacted.value(state))
      assert.deepStrictEqual(yield* end(connection), Option.some(connect))
      assert.deepStrictEqual(yield* end(renewal), Option.some<Visits.Purpose>({ _tag: "Renew", credentialsId }))
      assert.deepStrictEqual(yield* end(renewal), Option.none())
    })
  )

  it.effect("a visit expires", () =>
    Effect.gen(function* () {
      const visits = Visits.make()
      const state = yield* visits.begin(connect)
      yield* TestClock.adjust(Duration.hours(1))
      assert.deepStrictEqual(yield* visits.end(Redacted.value(state)), Option.none())
    })
  )

  it.effect("a browser has a limited number of visits", () =>
    Effect.gen(function* () {
      const visits = Visits.make()
      const states = yield* Effect.replicateEffect(visits.begin(connect), 9)
      const ended = yield* Effect.forEach(states, (state) => visits.end(Redacted.value(state)))
      assert.deepStrictEqual(ended.map(Option.isSome), [false, true, true, true, true, true, true, true, true])
    })
  )
})
