import type * as Ids from "@effect-tink/http/Ids"
import type { DelegableScope, UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as TinkHttp from "@effect-tink/http/TinkHttp"
import type { AuthorizationGrant } from "@effect-tink/users/Authorization"
import type { Credential } from "@effect-tink/users/Credential"
import type { ProviderConsent } from "@effect-tink/users/ProviderConsent"
import * as TinkLink from "@effect-tink/users/TinkLink"
import type { User } from "@effect-tink/users/User"
import type { UserProfile } from "@effect-tink/users/User"
import type * as Users from "@effect-tink/users/Users"
import type { UserSession } from "@effect-tink/users/UserSession"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { describe, expect, it } from "tstyche"

declare const users: Users.Service
declare const userId: Ids.UserId
declare const id: Ids.CredentialsId
declare const code: Redacted.Redacted
declare const profile: UserProfile
declare const everybody: UserSession<UserScope>
declare const noScopes: UserSession<never>

type Without<Scope extends UserScope> = UserSession<Exclude<UserScope, Scope>>

declare const noUserRead: Without<"user:read">
declare const noUserWrite: Without<"user:write">
declare const noCredentialsRead: Without<"credentials:read">
declare const noCredentialsWrite: Without<"credentials:write">
declare const noCredentialsRefresh: Without<"credentials:refresh">
declare const noConsentsRead: Without<"provider-consents:read">
declare const noConsentsWrite: Without<"provider-consents:write">

const fields = { username: "u", password: code }

describe("the operations fail with TinkError and need nothing", () => {
  it("of users", () => {
    expect(users.getUser(everybody)).type.toBe<Effect.Effect<User, TinkError>>()
    expect(users.updateUser(everybody, { username: "a" })).type.toBe<Effect.Effect<User, TinkError>>()
    expect(users.getProfile(everybody)).type.toBe<Effect.Effect<UserProfile, TinkError>>()
    expect(users.updateProfile(everybody, profile)).type.toBe<Effect.Effect<UserProfile, TinkError>>()
  })
  it("of authorization", () => {
    expect(users.delegateAuthorization({ userId, idHint: "a" })).type.toBe<
      Effect.Effect<AuthorizationGrant, TinkError>
    >()
    expect(users.revokeAll({ userId })).type.toBe<Effect.Effect<void, TinkError>>()
  })
  it("of credentials", () => {
    expect(users.createCredential(everybody, { providerName: "p", fields })).type.toBe<
      Effect.Effect<Credential, TinkError>
    >()
    expect(users.updateCredential(everybody, id, { fields })).type.toBe<Effect.Effect<Credential, TinkError>>()
    expect(users.refreshCredential(everybody, id, {})).type.toBe<Effect.Effect<void, TinkError>>()
    expect(users.authenticateCredential(everybody, id)).type.toBe<Effect.Effect<void, TinkError>>()
    expect(users.submitSupplementalInformation(everybody, id, fields)).type.toBe<Effect.Effect<void, TinkError>>()
    expect(users.getCredentialQr(everybody, id)).type.toBe<Effect.Effect<Redacted.Redacted, TinkError>>()
  })
  it("of consents", () => {
    expect(users.listProviderConsents(everybody)).type.toBe<Effect.Effect<ReadonlyArray<ProviderConsent>, TinkError>>()
    expect(users.extendProviderConsent(everybody, id)).type.toBe<Effect.Effect<ProviderConsent, TinkError>>()
  })
})

describe("a session with all scopes but the one that is needed does not do", () => {
  it("for users", () => {
    expect(users.getUser).type.not.toBeCallableWith(noUserRead)
    expect(users.getProfile).type.not.toBeCallableWith(noUserRead)
    expect(users.updateUser).type.not.toBeCallableWith(noUserWrite, { username: "a" })
    expect(users.updateProfile).type.not.toBeCallableWith(noUserWrite, profile)
    expect(users.getUser).type.not.toBeCallableWith(noScopes)
  })
  it("for credentials", () => {
    expect(users.createCredential).type.not.toBeCallableWith(noCredentialsWrite, { providerName: "p", fields })
    expect(users.updateCredential).type.not.toBeCallableWith(noCredentialsWrite, id, { fields })
    expect(users.refreshCredential).type.not.toBeCallableWith(noCredentialsRefresh, id, {})
    expect(users.authenticateCredential).type.not.toBeCallableWith(noCredentialsRefresh, id)
    expect(users.submitSupplementalInformation).type.not.toBeCallableWith(noCredentialsRefresh, id, fields)
    expect(users.getCredentialQr).type.not.toBeCallableWith(noCredentialsRead, id)
  })
  it("for consents", () => {
    expect(users.listProviderConsents).type.not.toBeCallableWith(noConsentsRead)
    expect(users.extendProviderConsent).type.not.toBeCallableWith(noConsentsWrite, id)
  })
})

describe("input", () => {
  it("of updateUser and updateProfile", () => {
    expect(users.updateUser).type.not.toBeCallableWith(everybody, { market: "SE" })
    expect(users.updateProfile).type.toBeCallableWith(everybody, { ...profile, locale: "sv_SE" })
    expect(users.updateProfile).type.not.toBeCallableWith(everybody, { ...profile, locael: "sv_SE" })
  })
  it("of delegateAuthorization and revokeAll: exactly one user", () => {
    expect(users.delegateAuthorization).type.toBeCallableWith({ externalUserId: "cust-0001", idHint: "a" })
    expect(users.delegateAuthorization).type.not.toBeCallableWith({ userId, externalUserId: "a", idHint: "a" })
    expect(users.delegateAuthorization).type.not.toBeCallableWith({ idHint: "a" })
    expect(users.delegateAuthorization).type.not.toBeCallableWith({ userId })
    expect(users.revokeAll).type.not.toBeCallableWith({})
    expect(users.revokeAll).type.not.toBeCallableWith({ userId, externalUserId: "a" })
  })
  it("of delegateAuthorization: scopes that Tink delegates", () => {
    expect<UserScope>().type.toBeAssignableTo<DelegableScope>()
    expect<"authorization:read">().type.toBeAssignableTo<DelegableScope>()
    expect<"user:create">().type.not.toBeAssignableTo<DelegableScope>()
    expect<"authorization:read">().type.not.toBeAssignableTo<UserScope>()
  })
  it("of credentials", () => {
    expect(users.createCredential).type.not.toBeCallableWith(everybody, { providerName: "p" })
    expect(users.createCredential).type.not.toBeCallableWith(everybody, { providerName: "p", fields: { otp: 7 } })
    expect(users.refreshCredential).type.not.toBeCallableWith(everybody, id, { items: ["EINVOICES"] })
    expect(users.refreshCredential).type.not.toBeCallableWith(everybody, id, { originatingUserIp: "198.51.100.10" })
    expect(users.refreshCredential).type.not.toBeCallableWith(everybody, id, {
      userAvailability: { userPresent: true }
    })
    expect(users.getCredentialQr).type.not.toBeCallableWith(everybody, userId)
    expect(users.extendProviderConsent).type.not.toBeCallableWith(everybody, "a")
  })
})

describe("TinkHttp", () => {
  it("takes exactly one way to authenticate", () => {
    const app = { clientId: "a" }
    expect(TinkHttp.layer).type.toBeCallableWith({ ...app, clientSecret: code })
    expect(TinkHttp.layer).type.toBeCallableWith({ ...app, privateKey: code })
    expect(TinkHttp.layer).type.toBeCallableWith({ ...app, mutualTls: true as const })
    expect(TinkHttp.layer).type.not.toBeCallableWith(app)
    expect(TinkHttp.layer).type.not.toBeCallableWith({ ...app, mutualTls: false as const })
    expect(TinkHttp.layer).type.not.toBeCallableWith({ ...app, privateKey: "a" })
    expect(TinkHttp.layer).type.not.toBeCallableWith({ ...app, clientSecret: code, privateKey: code })
    expect(TinkHttp.layer).type.not.toBeCallableWith({ ...app, clientSecret: code, mutualTls: true as const })
  })
})

describe("TinkLink", () => {
  const base = { clientId: "a", redirectUri: "https://app.example/" }

  it("keeps codes redacted", () => {
    expect(TinkLink.connectAccounts({ ...base, authorizationCode: code })).type.toBe<
      Effect.Effect<Redacted.Redacted, TinkError>
    >()
    expect(TinkLink.connectAccounts).type.not.toBeCallableWith({ ...base, authorizationCode: "a" })
    expect(TinkLink.updateConsent).type.not.toBeCallableWith({ ...base, credentialsId: id })
    expect(TinkLink.updateConsent).type.not.toBeCallableWith({ ...base, authorizationCode: code })
  })

  it("knows what each flow needs and takes", () => {
    const owned = { ...base, authorizationCode: code, credentialsId: id }
    expect(TinkLink.extendConsent).type.toBeCallableWith(owned)
    expect(TinkLink.extendConsent).type.not.toBeCallableWith({ ...owned, market: "GB" })
    expect(TinkLink.addCredential).type.not.toBeCallableWith(base)
    expect(TinkLink.authorize).type.not.toBeCallableWith({ ...base, authorizationCode: code })
    expect(TinkLink.connectProducts).type.not.toBeCallableWith(base)
    expect(TinkLink.connectProducts).type.not.toBeCallableWith({ ...base, products: [] })
    expect(TinkLink.connectProducts).type.toBeCallableWith({ ...base, products: ["LOANS"] as const })
    expect(TinkLink.connectBusinessAccounts).type.not.toBeCallableWith(base)
    expect(TinkLink.connectBusinessAccounts).type.toBeCallableWith({ ...base, market: "DE", locale: "de_DE" })
    expect(TinkLink.refreshCredential).type.toBeCallableWith({ ...owned, authenticate: undefined })
    expect(TinkLink.authenticateCredential).type.not.toBeCallableWith({ ...owned, authenticate: true })
  })

  it("wants to know the state", () => {
    expect(TinkLink.parseRedirect).type.toBeCallableWith("/", { state: "a" })
    expect(TinkLink.parseRedirect).type.toBeCallableWith(new URL("https://app.example/"), { state: code })
    expect(TinkLink.parseRedirect).type.toBeCallableWith("/", { ignoreState: true })
    expect(TinkLink.parseRedirect).type.not.toBeCallableWith("/")
    expect(TinkLink.parseRedirect).type.not.toBeCallableWith("/", {})
    expect(TinkLink.parseRedirect).type.not.toBeCallableWith("/", { state: undefined })
    expect(TinkLink.parseRedirect).type.not.toBeCallableWith("/", { ignoreState: false })
    expect(TinkLink.parseRedirect).type.not.toBeCallableWith("/", { state: "a", ignoreState: true })
  })

  it("says what came back", () => {
    expect<TinkLink.Redirect["_tag"]>().type.toBe<"Connected" | "ConnectedOnce" | "Cancelled" | "Failed">()
    expect<TinkLink.ConnectedOnce["code"]>().type.toBe<Redacted.Redacted>()
    expect<"USER_CANCELLED">().type.not.toBeAssignableTo<TinkLink.Failed["error"]>()
    expect<"BAD_REQUEST">().type.toBeAssignableTo<TinkLink.Failed["error"]>()
    expect<"INVALID_PARAMETER_CLIENT_ID">().type.toBeAssignableTo<TinkLink.Failed["reason"]>()
    expect<"USER_DECLINED_CONSENT">().type.toBeAssignableTo<TinkLink.Cancelled["reason"]>()
    expect<"USER_DECLINED">().type.not.toBeAssignableTo<TinkLink.Cancelled["reason"]>()
    expect<string>().type.not.toBeAssignableTo<TinkLink.Failed["error"]>()
  })
})
