import { assert, describe, it } from "@effect/vitest"
import type { Users } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { everyRow } from "../../../test/support/rows.js"
import { failure } from "./helpers.js"
import { cast, withTink } from "./scripted.js"

type Name = Exclude<keyof Users.Service, "request" | "requestAsClient">

const withoutArguments: ReadonlySet<Name> = new Set(["listMarkets", "listProviderIdentifiers"])

const call = (users: Users.Service, name: Name) => {
  const result = users[name](cast(undefined), cast(undefined))
  return Stream.StreamTypeId in result ? Stream.runDrain(result) : result
}

describe("an operation", () => {
  it.effect("has the same name in its errors as in Users", () =>
    withTink(
      () => ({ status: 500, body: "" }),
      ({ take, users }) => {
        // They name the endpoint that they are given.
        const { request: _, requestAsClient: __, ...operations } = users
        return everyRow(
          // The names are all that an object has as its keys.
          Object.keys(operations) as ReadonlyArray<Name>,
          (name) => name,
          (name) =>
            Effect.gen(function* () {
              const error = yield* failure(call(users, name))
              assert.strictEqual(error.operation, name)
              const sent = take()
              // Nothing is sent without a valid argument, where there is one.
              if (!withoutArguments.has(name)) assert.deepStrictEqual(sent, [])
            })
        )
      }
    )
  )
})
