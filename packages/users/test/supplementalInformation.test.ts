import { assert, describe, it } from "@effect/vitest"
import { SupplementalInformation } from "@effect-tink/users"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Inspectable from "effect/Inspectable"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { everyRow } from "../../../test/support/rows.js"

const parse = (value: unknown) =>
  SupplementalInformation.parse(Redacted.make(typeof value === "string" ? value : JSON.stringify(value)))

const secret = (redacted: Redacted.Redacted | undefined) => redacted && Redacted.value(redacted)

/** As `tink-api.md` 6.3 has it. */
const question = {
  name: "otpinput",
  description: "Code",
  helpText: null,
  hint: "NNNNNN",
  minLength: 6,
  maxLength: 6,
  numeric: true,
  masked: false,
  immutable: false,
  optional: false,
  sensitive: false,
  checkbox: false,
  pattern: "([0-9]{6})",
  patternError: "Not valid",
  value: null,
  additionalInfo: null
}

const app = {
  android: { packageName: "com.bank", requiredMinimumVersion: 7, intent: "intent://canary" },
  ios: { appStoreUrl: "https://apps.example/1", scheme: "bank", deepLinkUrl: "bank://canary" },
  desktop: { url: "https://bank.example/?token=canary" },
  downloadTitle: "Download",
  upgradeMessage: null
}

const token = "11111111-2222-3333-4444-555555555555"

describe("the supplemental information of a credential", () => {
  it.effect("is of a kind that Tink documents, or Unknown", () =>
    everyRow(
      [
        ["Fields", [question]],
        ["Fields", ` ${JSON.stringify([{ name: "a" }])}\n`],
        ["ThirdPartyApp", app],
        ["ThirdPartyApp", { desktop: { url: "https://bank.example" } }],
        ["AutoStartToken", token],
        ["AutoStartToken", `${token}\n`],
        // An answer without fields would cancel.
        ["Unknown", []],
        ["Unknown", [{ description: "no name" }, null, "canary"]],
        ["Unknown", {}],
        ["Unknown", { android: 7 }],
        ["Unknown", ""],
        ["Unknown", "two words"],
        ["Unknown", "[{"],
        ["Unknown", "{]"]
      ] as const,
      ([tag, value]) => `${tag}: ${JSON.stringify(value)}`,
      ([tag, value]) => Effect.sync(() => assert.strictEqual(parse(value)._tag, tag))
    )
  )

  it("has the members of a field that can be read", () => {
    const information = parse([
      question,
      {
        name: "account",
        checkbox: true,
        value: "false",
        additionalInfo: { iban: "canary" },
        minLength: "1",
        numeric: "no"
      },
      { description: "no name" },
      { name: "choice", selectOptions: [{ value: "1", text: "One" }, { text: "none" }] }
    ])
    const [otp, account, choice, ...others] = information._tag === "Fields" ? information.fields : []
    assert.deepStrictEqual([otp?.name, otp?.description, otp?.minLength, otp?.numeric], ["otpinput", "Code", 6, true])
    assert.notProperty(otp, "value")
    assert.deepStrictEqual([secret(account?.value), secret(account?.additionalInfo)], ["false", `{"iban":"canary"}`])
    assert.strictEqual(account?.minLength, 1)
    assert.notProperty(account, "numeric")
    assert.deepStrictEqual(
      choice?.selectOptions?.map(({ text, value }) => [text, value]),
      [["One", "1"]]
    )
    assert.lengthOf(others, 0)
  })

  it("has where to send the user, unless that runs a script", () => {
    const information = parse(app)
    if (information._tag !== "ThirdPartyApp") return assert.fail()
    assert.strictEqual(information.android?.requiredMinimumVersion, "7")
    assert.strictEqual(secret(information.android?.intent), "intent://canary")
    assert.strictEqual(secret(information.ios?.deepLinkUrl), "bank://canary")
    assert.strictEqual(information.downloadTitle, "Download")
    // The others are what browsers make of it.
    for (const url of [
      "javascript:canary",
      "\u0001javascript:canary",
      "java\tscript:canary",
      " JAVA\r\nSCRIPT\n:canary"
    ]) {
      const script = parse({ desktop: { url }, ios: app.ios })
      assert.deepStrictEqual(script._tag === "ThirdPartyApp" ? script.desktop : undefined, {})
      assert.strictEqual(new URL(url).protocol, "javascript:")
    }
  })

  it("is never printed", () => {
    const all = [
      parse([{ name: "a", value: "canary", additionalInfo: "canary" }]),
      parse(app),
      parse("canary"),
      parse("canary canary")
    ]
    assert.notInclude(inspect(all, { depth: 9 }) + JSON.stringify(all) + Inspectable.toStringUnknown(all), "canary")
  })

  it("is Unknown when it was wiped", () => {
    const wiped = Redacted.make("canary")
    Redacted.unsafeWipe(wiped)
    assert.strictEqual(SupplementalInformation.parse(wiped)._tag, "Unknown")
  })

  it.prop("never fails", [FastCheck.oneof(FastCheck.json(), FastCheck.string({ unit: "binary" }))], ([text]) => {
    parse(text)
  })
})
