import { assert, describe } from "@effect/vitest"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { ProviderConsent, User, Users } from "@effect-tink/users"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import {
  anId,
  anything,
  checkCredential,
  credential,
  damaged,
  forAll,
  good,
  goodToken,
  id,
  isFailure,
  isSameTime,
  type Json,
  nullable,
  number,
  objectWith,
  outcome,
  own,
  quote,
  readCredential,
  reading,
  readId,
  readItems,
  readLenient,
  readObject,
  readOptional,
  readText,
  readTime,
  type Respond,
  session,
  text,
  userId,
  wrong
} from "./fuzz.js"

// ---------------------------------------------------------------------------------------------------------------------
// What a body says, read by tink-api.md alone
// ---------------------------------------------------------------------------------------------------------------------

const readBoolean = (value: unknown): boolean => (typeof value === "boolean" ? value : wrong())
const readSome = (value: unknown): string => readText(value) || wrong()

/** `null` is nothing, and there is one name under which an object cannot be given anything. */
const readOpen = (value: unknown): Json =>
  Object.fromEntries(Object.entries(readObject(value)).filter(([key, part]) => part !== null && key !== "__proto__"))

const settings =
  "balance budget doubleCharge einvoices fraud income largeExpense leftToSpend loanUpdate summaryMonthly summaryWeekly"
    .concat(" transaction unusualAccount unusualCategory")
    .split(" ")

const without = (json: Json, names: ReadonlyArray<string>): Json =>
  Object.fromEntries(Object.entries(json).filter(([key]) => !names.includes(key)))

const readSettings = (value: unknown): Json => {
  const json = readOpen(value)
  return without(
    json,
    settings.filter((name) => readLenient(own(json, name), readBoolean) === undefined)
  )
}

const readDay = (day: unknown): number => {
  const number = typeof day === "string" && /^-?\d+$/.test(day) ? Number(day) : day
  return Number.isSafeInteger(number) ? Number(number) : wrong()
}

const readMembers = (value: unknown): Json => {
  const json = readOpen(value)
  const members = {
    ...Object.fromEntries(
      ["currency", "locale", "market", "timeZone", "periodMode"].map((name) => [
        name,
        readLenient(own(json, name), readSome)
      ])
    ),
    periodAdjustedDay: readLenient(own(json, "periodAdjustedDay"), readDay),
    notificationSettings: readLenient(own(json, "notificationSettings"), readSettings)
  }
  return { ...json, ...members }
}

const isMember = (name: string) =>
  ["currency", "locale", "market", "timeZone", "periodMode", "periodAdjustedDay", "notificationSettings"].includes(name)

const readProfile = (value: unknown): Json => {
  const json = readMembers(value)
  return Object.entries(json).some(([name, part]) => isMember(name) && part !== undefined) ? json : wrong()
}

const readTexts = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.filter((text) => typeof text === "string") : wrong()

const readUser = (value: unknown) => {
  const json = readObject(value)
  return {
    id: readId(own(json, "id")),
    appId: readLenient(own(json, "appId"), readText),
    externalUserId: readLenient(own(json, "externalUserId"), readText),
    created: readLenient(own(json, "created"), readTime),
    flags: readLenient(own(json, "flags"), readTexts) ?? [],
    nationalId: readLenient(own(json, "nationalId"), readText),
    username: readLenient(own(json, "username"), readText),
    profile: readLenient(own(json, "profile"), readMembers) ?? {}
  }
}

const readConsent = (value: unknown) => {
  const json = readObject(value)
  return {
    credentialsId: readOptional(own(json, "credentialsId"), readId),
    providerName: readLenient(own(json, "providerName"), readText),
    status: readOptional(own(json, "status"), readText),
    statusUpdated: readLenient(own(json, "statusUpdated"), readTime),
    sessionExpiryDate: readLenient(own(json, "sessionExpiryDate"), readTime),
    sessionExtendable: readLenient(own(json, "sessionExtendable"), readBoolean),
    accountIds: readLenient(own(json, "accountIds"), readTexts) ?? [],
    detailedError: readLenient(own(json, "detailedError"), (error) => {
      const json = readObject(error)
      return {
        type: readLenient(own(json, "type"), readText),
        displayMessage: readLenient(own(json, "displayMessage"), readText),
        details: readLenient(own(json, "details"), (details) => ({
          reason: readLenient(own(readObject(details), "reason"), readText),
          retryable: readLenient(own(readObject(details), "retryable"), readBoolean)
        }))
      }
    })
  }
}

/** Without what is not there, and not deeper than anything that is documented. */
const written = (value: unknown, depth = 0): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (depth > 9) return "deep"
  const parts = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .map(([key, part]) => `${quote(key)}:${written(part, depth + 1)}`)
  return `${Array.isArray(value) ? "list" : "object"}(${Arr.sort(parts, Order.string).join()})`
}

const checkProfile = (decoded: User.UserProfile, read: Json) => assert.strictEqual(written(decoded), written(read))

const checkUser = ({ created, nationalId, ...decoded }: User.User, read: ReturnType<typeof readUser>) =>
  assert.strictEqual(
    written({ ...decoded, created: created?.epochMillis, nationalId: nationalId && Redacted.value(nationalId) }),
    written({ ...read, created: read.created && Math.trunc(read.created) })
  )

const checkConsent = (decoded: ProviderConsent.ProviderConsent, read: ReturnType<typeof readConsent>) => {
  const { sessionExpiryDate, statusUpdated, ...others } = decoded
  assert.isTrue(isSameTime(statusUpdated, read.statusUpdated))
  assert.isTrue(isSameTime(sessionExpiryDate, read.sessionExpiryDate))
  assert.strictEqual(written(others), written({ ...read, statusUpdated: undefined, sessionExpiryDate: undefined }))
}

// ---------------------------------------------------------------------------------------------------------------------
// Bodies
// ---------------------------------------------------------------------------------------------------------------------

const boolean = FastCheck.constantFrom("true", "false")
const texts = FastCheck.array(text, { maxLength: 3 }).map((all) => `[${all.join(",")}]`)
const mostlyThis = (value: string) =>
  FastCheck.oneof({ weight: 8, arbitrary: FastCheck.constant(quote(value)) }, { weight: 1, arbitrary: anId })

const profile = objectWith(
  { currency: text, locale: text, market: text, timeZone: text, periodMode: text },
  {
    periodAdjustedDay: nullable(FastCheck.oneof(FastCheck.constant("25"), number)),
    notificationSettings: nullable(objectWith({ balance: boolean }, { fraud: nullable(boolean) }))
  }
)

const user = objectWith(
  {
    id: mostlyThis(userId),
    appId: text,
    created: FastCheck.oneof(FastCheck.constant("1700000000000"), number),
    profile
  },
  { externalUserId: nullable(text), flags: nullable(texts), nationalId: nullable(text), username: nullable(text) }
)

const details = objectWith({ reason: text }, { retryable: nullable(boolean) })

const consent = objectWith(
  { credentialsId: nullable(mostlyThis(id)) },
  {
    providerName: nullable(text),
    status: nullable(text),
    statusUpdated: nullable(number),
    sessionExpiryDate: nullable(number),
    sessionExtendable: nullable(boolean),
    accountIds: nullable(texts),
    detailedError: nullable(objectWith({ type: text }, { displayMessage: nullable(text), details: nullable(details) }))
  }
)

const consentList = objectWith(
  { providerConsents: FastCheck.array(consent, { maxLength: 3 }).map((all) => `[${all.join()}]`) },
  { providerConsents: anything }
)

/** One operation: how it reads a body that is as documented, and what it does with one that is of something else. */
const reads = <A, R>(
  name: string,
  spec: {
    readonly body: FastCheck.Arbitrary<string>
    readonly run: (users: Users.Service) => Effect.Effect<A, TinkError>
    readonly respond?: (body: string) => Respond
    readonly read: (value: unknown) => R
    readonly isOther?: (read: R) => boolean
    readonly check: (decoded: A, read: R) => void
    /** Whether it changes something, which may have been done by the time that the answer is read. */
    readonly isChange?: boolean
    /** Whether it is made by then, so that what is refused later changes nothing more. */
    readonly isDone?: boolean
  }
) =>
  forAll(name, damaged(spec.body), 50, (connection, body) =>
    Effect.gen(function* () {
      const { isChange = false, isDone = false, isOther = () => false } = spec
      connection.respond = spec.respond?.(body) ?? (() => ({ status: 200, body }))
      const result = yield* outcome(spec.run(connection.users))
      const read = reading(spec.read, body)
      if (read === undefined) return isFailure(result, "Decode", isChange)
      if (isOther(read.value)) return isFailure(result, "Invalid", isChange && !isDone)
      spec.check(Either.getOrThrow(result), read.value)
    })
  )

const isOtherUser = (read: { readonly id: string }) => read.id !== userId

const ofUser = { body: user, read: readUser, isOther: isOtherUser, check: checkUser }

const ofProfile = { body: profile, read: readProfile, check: checkProfile }

const isOtherOwner = (read: { readonly userId: string | undefined }) =>
  read.userId !== undefined && read.userId !== userId

const isOtherCredential = (read: ReturnType<typeof readCredential>) => read.id !== id || isOtherOwner(read)

const ofCredential = { body: credential, read: readCredential, isOther: isOtherCredential, check: checkCredential }

const isOtherConsent = (read: ReturnType<typeof readConsent>) =>
  read.credentialsId !== undefined && read.credentialsId !== id

const ofConsents = {
  body: consentList,
  read: (value: unknown) => readItems(own(readObject(value), "providerConsents"), readConsent),
  check: (
    decoded: ReadonlyArray<ProviderConsent.ProviderConsent>,
    read: ReadonlyArray<ReturnType<typeof readConsent>>
  ) => {
    assert.lengthOf(decoded, read.length)
    for (const [n, one] of decoded.entries()) checkConsent(one, read[n] ?? wrong())
  }
}

const fields = { username: "a-name" }

/** The connection goes from one status to the next, and so needs the user. */
const needsUser: Respond = (line) =>
  line.startsWith("GET")
    ? { status: 200, body: `{"id":"${id}","providerName":"p","status":"SESSION_EXPIRED"}` }
    : { status: 204, body: "" }

describe("any body is read as it is, or is a Decode error, by", () => {
  reads("getUser", { ...ofUser, run: (users) => users.getUser(session) })

  reads("updateUser", { ...ofUser, run: (users) => users.updateUser(session, { username: "a-name" }), isChange: true })

  reads("getProfile", { ...ofProfile, run: (users) => users.getProfile(session) })

  reads("updateProfile", {
    ...ofProfile,
    run: (users) =>
      users.updateProfile(session, {
        currency: "SEK",
        locale: "sv_SE",
        market: "SE",
        timeZone: "Europe/Stockholm",
        periodMode: "MONTHLY"
      }),
    isChange: true
  })

  reads("createCredential", {
    ...ofCredential,
    isOther: isOtherOwner,
    run: (users) => users.createCredential(session, { providerName: "a-bank", fields }),
    isChange: true
  })

  reads("updateCredential", {
    ...ofCredential,
    run: (users) => users.updateCredential(session, id, { fields }),
    isChange: true
  })

  reads("followCredential", {
    ...ofCredential,
    run: (users) => Effect.map(Stream.runHead(users.followCredential(session, id)), Option.getOrThrow)
  })

  reads("refreshAndWait, as the connection was", {
    ...ofCredential,
    // Over before the first answer is there, so that the outcome is of what was read before.
    run: (users) =>
      Effect.map(
        users.refreshAndWait(session, id, { patience: 0, schedule: Schedule.stop }),
        ({ credential }) => credential
      ),
    respond: (body) => (line) => (line.startsWith("GET") ? { status: 200, body } : { status: 204, body: "" })
  })

  reads("refreshAndWait, the code for the link", {
    body: objectWith({ code: FastCheck.oneof(FastCheck.constant(`"a+code"`), text) }, { id_hint: text }),
    run: (users) =>
      Effect.flatMap(
        users.refreshAndWait(session, id, {
          patience: 0,
          tinkLink: { idHint: "a hint", redirectUri: "https://app.example/back" }
        }),
        (outcome) =>
          outcome._tag === "NeedsUser" ? Option.getOrThrow(outcome.tinkLinkUrl) : Effect.dieMessage(outcome._tag)
      ),
    respond: (body) => (line) => (line.endsWith("/delegate") ? { status: 200, body } : needsUser(line)),
    read: (value) => readSome(own(readObject(value), "code")),
    isChange: true,
    isDone: true,
    isOther: (code) => !/^[\x21-\x7e]+$/.test(code),
    check: (url, code) => {
      assert.strictEqual(new URL(Redacted.value(url)).searchParams.get("authorization_code"), code)
    }
  })

  forAll(
    "getCredentialQr",
    FastCheck.oneof(
      FastCheck.base64String({ minLength: 4 }).map((data) => ` data:image/png;base64,${data}\n`),
      damaged(FastCheck.constantFrom("data:image/png;base64,AAAA", "data:image/svg+xml;base64,AAAA", `"data:,"`))
    ),
    50,
    (connection, body) =>
      Effect.gen(function* () {
        connection.respond = () => ({ status: 200, body })
        const result = yield* outcome(connection.users.getCredentialQr(session, id))
        const [, uri] = /^\s*(data:image\/png;base64,[A-Za-z0-9+/]+={0,2})\s*$/.exec(body) ?? []
        if (uri === undefined) return isFailure(result, "Decode", false)
        assert.strictEqual(Redacted.value(Either.getOrThrow(result)), uri)
      })
  )

  reads("listProviderConsents", { ...ofConsents, run: (users) => users.listProviderConsents(session) })

  reads("listProviderConsents, of one connection", {
    ...ofConsents,
    isOther: (read) => read.some(isOtherConsent),
    run: (users) => users.listProviderConsents(session, { credentialsId: id })
  })

  reads("extendProviderConsent", {
    body: consent,
    read: (value) => {
      const read = readConsent(value)
      // Only one that says whose it is, or until when.
      return read.credentialsId === undefined && read.sessionExpiryDate === undefined ? wrong() : read
    },
    isOther: isOtherConsent,
    check: checkConsent,
    run: (users) => users.extendProviderConsent(session, id),
    isChange: true
  })

  reads("authorizeWithCode, which looks for its user", {
    body: objectWith({ id: anId }, { externalUserId: nullable(text) }),
    run: (users) => users.authorizeWithCode({ code: Redacted.make("a-code"), scopes: ["user:read"] }),
    respond: (body) => (line) => (line.endsWith("/token") ? goodToken : { status: 200, body }),
    read: (value) => {
      const json = readObject(value)
      readOptional(own(json, "externalUserId"), readText)
      return readId(own(json, "id"))
    },
    check: ({ userId }, read) => assert.strictEqual<string>(userId, read)
  })

  forAll(
    "ensureUser, which looks for the user after a body that cannot be read",
    damaged(objectWith({ user_id: anId }, { external_user_id: nullable(text) })),
    50,
    (connection, body) =>
      Effect.gen(function* () {
        connection.respond = (line) => (line.endsWith("/create") ? { status: 200, body } : good(line))
        const result = yield* outcome(connection.users.ensureUser({ market: "SE", externalUserId: "cust-0001" }))
        const read = reading((value) => {
          const json = readObject(value)
          return readId(own(json, "user_id"))
        }, body)
        assert.strictEqual<string>(Either.getOrThrow(result).userId, read?.value ?? userId)
      })
  )
})
