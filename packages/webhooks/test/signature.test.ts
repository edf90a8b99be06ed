import { assert, describe, it } from "@effect/vitest"
import { WebhookSignature } from "@effect-tink/webhooks"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Inspectable from "effect/Inspectable"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { everyRow } from "../../../test/support/rows.js"
import { seed } from "../../../test/support/samples.js"
import { headerOf, now, secret, toBytes, type Vector, vectors } from "./helpers.js"

const { B } = vectors

const other = Redacted.make("another-secret")

const reasonOf = <A>(verified: Effect.Effect<A, WebhookSignature.WebhookSignatureError>) =>
  Effect.match(verified, { onFailure: ({ reason }) => reason, onSuccess: () => "accepted" as const })

const atTime = (millis: number) => TestClock.setTime(millis)

const minutes = (n: number) => n * 60_000

describe("WebhookSignature.verify", () => {
  it.effect("accepts the golden vectors, and makes them", () =>
    everyRow(
      Object.values<Vector>(vectors),
      ({ secret }) => secret,
      (vector) =>
        Effect.gen(function* () {
          yield* atTime(vector.t * 1000)
          const secret = Redacted.make<string>(vector.secret)
          const body = toBytes(vector.body)
          const delivery = yield* WebhookSignature.verify({ secrets: [secret] })({ signature: headerOf(vector), body })
          assert.strictEqual(delivery.signedAt, vector.t * 1000)
          assert.match(delivery.deliveryId, /^[0-9a-f]{64}$/)
          assert.strictEqual(yield* WebhookSignature.sign({ secret, body }), headerOf(vector))
        })
    )
  )

  const t = `t=${B.t}`
  const v1 = `v1=${B.v1}`
  const wrong = `v1=${"0".repeat(64)}`

  const headers: ReadonlyArray<readonly [header: string | undefined, WebhookSignature.Reason | "accepted"]> = [
    [`${t},${v1}`, "accepted"],
    [`${v1},${t}`, "accepted"],
    [` ${t} , ${v1} `, "accepted"],
    [`${t},${wrong},${v1}`, "accepted"],
    [`${t},${v1},${wrong}`, "accepted"],
    [`${t},${v1},v0=x`, "accepted"],
    [`${t},${wrong}`, "Mismatch"],
    [`t=0${B.t},${v1}`, "Mismatch"],
    [undefined, "Missing"],
    ["", "Malformed"],
    [t, "Malformed"],
    [v1, "Malformed"],
    [`${t},v1=`, "Malformed"],
    [`${t},${v1.toUpperCase()}`, "Malformed"],
    [`${t},${v1.replace(/[a-f]/, (digit) => digit.toUpperCase())}`, "Malformed"],
    [`${t},${v1}00`, "Malformed"],
    [`${t},v1=`.padEnd(90, "å"), "Malformed"],
    [`${t},${v1},`, "Malformed"],
    [`${t},${v1},x`, "Malformed"],
    // A repeated header, which HTTP joins.
    [`${t},${v1}, ${t},${v1}`, "Malformed"],
    [`t=${B.t}.0,${v1}`, "Malformed"],
    [`t=-${B.t},${v1}`, "Malformed"],
    [`t=1e9,${v1}`, "Malformed"],
    [`t=,${v1}`, "Malformed"],
    [`${t},${Array.from({ length: 9 }, () => v1).join(",")}`, "Malformed"]
  ]

  it.effect("reads the header as Tink documents it", () =>
    everyRow(
      headers,
      ([header]) => String(header),
      ([signature, expected]) =>
        Effect.gen(function* () {
          yield* atTime(now)
          const verify = WebhookSignature.verify({ secrets: [secret] })
          assert.strictEqual(yield* reasonOf(verify({ signature, body: toBytes(B.body) })), expected)
        })
    )
  )

  const times: ReadonlyArray<
    readonly [age: number, tolerance: string | undefined, WebhookSignature.Reason | "accepted"]
  > = [
    [minutes(10), undefined, "accepted"],
    [minutes(10) + 1, undefined, "OutsideTolerance"],
    [-minutes(10), undefined, "accepted"],
    [-minutes(10) - 1, undefined, "OutsideTolerance"],
    [minutes(1), "1 minute", "accepted"],
    [minutes(1) + 1, "1 minute", "OutsideTolerance"],
    [minutes(99_999), "Infinity", "accepted"]
  ]

  it.effect("accepts a signature for 10 minutes in both directions, or the given tolerance", () =>
    everyRow(
      times,
      ([age, tolerance]) => `${age} ms old, ${tolerance}`,
      ([age, tolerance, expected]) =>
        Effect.gen(function* () {
          yield* atTime(now + age)
          const options =
            tolerance === "1 minute"
              ? { tolerance: "1 minute" as const }
              : tolerance === undefined
                ? {}
                : { tolerance: Infinity }
          const verify = WebhookSignature.verify({ secrets: [secret], ...options })
          assert.strictEqual(yield* reasonOf(verify({ signature: headerOf(B), body: toBytes(B.body) })), expected)
        })
    )
  )

  it.effect("accepts any of its secrets, while one replaces the other", () =>
    Effect.gen(function* () {
      yield* atTime(now)
      const received = { signature: headerOf(B), body: toBytes(B.body) }
      for (const secrets of [
        [secret, other],
        [other, secret]
      ] as const) {
        assert.strictEqual(yield* reasonOf(WebhookSignature.verify({ secrets })(received)), "accepted")
      }
      assert.strictEqual(yield* reasonOf(WebhookSignature.verify({ secrets: [other] })(received)), "Mismatch")
    })
  )

  it.effect("verifies nothing without a secret, although anyone can sign with an empty one", () =>
    Effect.gen(function* () {
      yield* atTime(now)
      const wiped = Redacted.make("wiped")
      Redacted.unsafeWipe(wiped)
      const received = { signature: headerOf(B), body: toBytes(B.body) }
      const invalid: ReadonlyArray<unknown> = [
        [],
        [Redacted.make("")],
        [secret, Redacted.make(" \n")],
        [Redacted.make(`${B.secret}\n`)],
        [Redacted.make(7)],
        7,
        [wiped],
        ["text"],
        undefined
      ]
      for (const secrets of invalid) {
        // What JavaScript and an unset variable can pass.
        const verify = WebhookSignature.verify({ secrets } as WebhookSignature.Options)
        assert.strictEqual(yield* reasonOf(verify(received)), "InvalidSecrets")
      }
      assert.strictEqual(
        yield* reasonOf(WebhookSignature.sign({ secret: Redacted.make(""), body: received.body })),
        "InvalidSecrets"
      )
    })
  )

  it.effect("refuses what is not a delivery, and an invalid tolerance", () =>
    Effect.gen(function* () {
      yield* atTime(now)
      const untyped = (value: unknown) => value as never
      const verify = WebhookSignature.verify({ secrets: [secret] })
      const body = toBytes(B.body)
      for (const received of [undefined, null, 7, {}]) {
        assert.strictEqual(yield* reasonOf(verify(untyped(received))), "InvalidBody")
      }
      for (const signature of [7, [headerOf(B)], {}]) {
        assert.strictEqual(yield* reasonOf(verify(untyped({ signature, body }))), "Malformed")
      }
      for (const tolerance of [null, Number.NaN, -1, "ten minutes"]) {
        const lax = WebhookSignature.verify({ secrets: [secret], tolerance: untyped(tolerance) })
        assert.strictEqual(yield* reasonOf(lax({ signature: headerOf(B), body })), "InvalidTolerance")
      }
      assert.strictEqual(
        yield* reasonOf(WebhookSignature.verify(untyped(undefined))({ signature: headerOf(B), body })),
        "InvalidSecrets"
      )
    })
  )

  it.effect("refuses a body that was parsed, and one that was written again", () =>
    Effect.gen(function* () {
      yield* atTime(now)
      const verify = WebhookSignature.verify({ secrets: [secret] })
      // @ts-expect-error: a parsed body does not compile
      const parsed = verify({ signature: headerOf(B), body: { event: "refresh:finished" } })
      // @ts-expect-error: nor does a string
      const text = verify({ signature: headerOf(B), body: B.body })
      assert.strictEqual(yield* reasonOf(parsed), "InvalidBody")
      assert.strictEqual(yield* reasonOf(text), "InvalidBody")
      const written = toBytes(JSON.stringify(JSON.parse(B.body), null, 1))
      assert.strictEqual(yield* reasonOf(verify({ signature: headerOf(B), body: written })), "Mismatch")
    })
  )

  it.effect("gives the same delivery the same id, and another time or body another one", () =>
    Effect.gen(function* () {
      yield* atTime(now)
      const verify = WebhookSignature.verify({ secrets: [secret] })
      const idOf = (text: string, signedAt: number) => {
        const body = toBytes(text)
        return WebhookSignature.sign({ secret, body, signedAt }).pipe(
          Effect.flatMap((signature) => verify({ signature, body })),
          Effect.map(({ deliveryId }) => deliveryId)
        )
      }
      const id = yield* idOf(B.body, now)
      assert.strictEqual(yield* idOf(B.body, now), id)
      assert.notStrictEqual(yield* idOf(`${B.body} `, now), id)
      assert.notStrictEqual(yield* idOf(B.body, now + 1000), id)
    })
  )

  it.effect("shows no secret, header or body in an error", () =>
    Effect.gen(function* () {
      yield* atTime(now)
      const body = toBytes(B.body.replace("cust-0001", "planted"))
      const error = yield* Effect.flip(WebhookSignature.verify({ secrets: [secret] })({ signature: headerOf(B), body }))
      const shown = [Inspectable.format(error), String(error), error.stack, JSON.stringify(error)].join()
      for (const planted of [B.secret, B.v1, "planted"]) assert.notInclude(shown, planted)
      assert.match(error.message, /check the secret/)
    })
  )
})

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))

const mutation = FastCheck.record({
  part: FastCheck.constantFrom("header", "body"),
  kind: FastCheck.constantFrom("replace", "insert", "delete", "swap"),
  at: FastCheck.nat(100_000),
  character: FastCheck.constantFrom(...printable)
})

type Mutation = typeof mutation extends FastCheck.Arbitrary<infer A> ? A : never

const mutate = (text: string, { at, character, kind }: Mutation): string => {
  const index = at % text.length
  const [before, here, after] = [text.slice(0, index), text.slice(index, index + 1), text.slice(index + 1)]
  switch (kind) {
    case "replace":
      return before + character + after
    case "insert":
      return before + character + here + after
    case "delete":
      return before + after
    default:
      return before + after.slice(0, 1) + here + after.slice(1)
  }
}

/** Blanks around a part are allowed. */
const withoutBlanks = (header: string): string => header.replaceAll(/ *, */g, ",").trim()

describe("10 000 random mutations", () => {
  it.effect("are all refused", () =>
    Effect.gen(function* () {
      yield* atTime(now)
      const verify = WebhookSignature.verify({ secrets: [other, secret], tolerance: Infinity })
      let tried = 0
      for (const change of FastCheck.sample(mutation, { seed, numRuns: 12_000 })) {
        const signature = change.part === "header" ? mutate(headerOf(B), change) : headerOf(B)
        const text = change.part === "body" ? mutate(B.body, change) : B.body
        if (withoutBlanks(signature) === headerOf(B) && text === B.body) continue
        tried++
        const outcome = yield* reasonOf(verify({ signature, body: toBytes(text) }))
        if (outcome === "accepted") assert.fail(`seed ${seed}: accepted ${signature} with ${text}`)
      }
      assert.isAtLeast(tried, 10_000, `seed ${seed}`)
      yield* Effect.sync(() => process.stdout.write(`${tried} mutations refused, seed ${seed}\n`))
    })
  )
})
