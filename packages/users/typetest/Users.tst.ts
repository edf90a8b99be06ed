import type { AccessToken } from "@effect-tink/http/AccessToken"
import type * as Ids from "@effect-tink/http/Ids"
import * as OAuthScope from "@effect-tink/http/OAuthScope"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkError } from "@effect-tink/http/TinkError"
import type { TinkHttp } from "@effect-tink/http/TinkHttp"
import type { UserCache } from "@effect-tink/user-cache/UserCache"
import type { AuthorizationGrant } from "@effect-tink/users/Authorization"
import type { CreatedUser } from "@effect-tink/users/User"
import type { Credential, KnownStatus, Status } from "@effect-tink/users/Credential"
import type { CreateUserInput, EnsureUserInput } from "@effect-tink/users/User"
import type { UserReference } from "@effect-tink/users/User"
import * as Endpoint from "@effect-tink/users/Endpoint"
import * as Users from "@effect-tink/users/Users"
import * as UserSession from "@effect-tink/users/UserSession"
import type * as ConfigError from "effect/ConfigError"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "tstyche"

declare const users: Users.Service
declare const userId: Ids.UserId
declare const id: Ids.CredentialsId
declare const code: Redacted.Redacted
declare const accessToken: Redacted.Redacted
declare const reader: UserSession.UserSession<"credentials:read">
declare const refresher: UserSession.UserSession<"credentials:refresh">
declare const writer: UserSession.UserSession<"credentials:write">
declare const deleter: UserSession.UserSession<"user:delete">
declare const noScopes: UserSession.UserSession<never>
declare const everybody: UserSession.UserSession<UserScope>

describe("the operations fail with TinkError and need nothing", () => {
  it("createUser", () => {
    expect(users.createUser({ market: "SE" })).type.toBe<Effect.Effect<CreatedUser, TinkError>>()
  })
  it("createAuthorization", () => {
    expect(users.createAuthorization({ userId, scopes: ["user:read"] })).type.toBe<
      Effect.Effect<AuthorizationGrant, TinkError>
    >()
  })
  it("getUserAccessToken", () => {
    expect(users.getUserAccessToken({ code })).type.toBe<Effect.Effect<AccessToken, TinkError>>()
  })
  it("authorize", () => {
    expect(users.authorize({ userId, scopes: ["credentials:read", "user:delete"] })).type.toBe<
      Effect.Effect<UserSession.UserSession<"credentials:read" | "user:delete">, TinkError>
    >()
  })
  it("authorizeWithCode", () => {
    expect(users.authorizeWithCode({ code, scopes: ["credentials:read", "user:read"] })).type.toBe<
      Effect.Effect<UserSession.UserSession<"credentials:read" | "user:read">, TinkError>
    >()
  })
  it("ensureUser", () => {
    expect(users.ensureUser({ market: "SE", externalUserId: "cust-0001" })).type.toBe<
      Effect.Effect<CreatedUser, TinkError>
    >()
  })
  it("listCredentials", () => {
    expect(users.listCredentials(reader)).type.toBe<Effect.Effect<ReadonlyArray<Credential>, TinkError>>()
  })
  it("getCredential", () => {
    expect(users.getCredential(reader, id)).type.toBe<Effect.Effect<Credential, TinkError>>()
  })
  it("refreshCredential, deleteCredential and deleteUser", () => {
    expect(users.refreshCredential(refresher, id)).type.toBe<Effect.Effect<void, TinkError>>()
    expect(users.deleteCredential(writer, id)).type.toBe<Effect.Effect<void, TinkError>>()
    expect(users.deleteUser(deleter)).type.toBe<Effect.Effect<void, TinkError>>()
    expect(users.deleteUser({ userId })).type.toBe<Effect.Effect<void, TinkError>>()
    expect(users.deleteUser({ externalUserId: "cust-0001" })).type.toBe<Effect.Effect<void, TinkError>>()
  })
})

describe("a session", () => {
  it("with the scope, or with more, is accepted", () => {
    expect(users.listCredentials).type.toBeCallableWith(reader)
    expect(users.listCredentials).type.toBeCallableWith(everybody)
    expect(users.getCredential).type.toBeCallableWith(everybody, id)
    expect(users.refreshCredential).type.toBeCallableWith(everybody, id)
    expect(users.deleteCredential).type.toBeCallableWith(everybody, id)
    expect(users.deleteUser).type.toBeCallableWith(everybody)
  })

  it("without the scope is not", () => {
    expect(users.listCredentials).type.not.toBeCallableWith(writer)
    expect(users.listCredentials).type.not.toBeCallableWith(refresher)
    expect(users.getCredential).type.not.toBeCallableWith(deleter, id)
    expect(users.refreshCredential).type.not.toBeCallableWith(reader, id)
    expect(users.refreshCredential).type.not.toBeCallableWith(writer, id)
    expect(users.deleteCredential).type.not.toBeCallableWith(reader, id)
    expect(users.deleteCredential).type.not.toBeCallableWith(refresher, id)
    expect(users.deleteUser).type.not.toBeCallableWith(reader)
    expect(users.deleteUser).type.not.toBeCallableWith(writer)
  })

  it("for nothing is accepted nowhere, and any session is one", () => {
    expect(users.listCredentials).type.not.toBeCallableWith(noScopes)
    expect(users.getCredential).type.not.toBeCallableWith(noScopes, id)
    expect(users.refreshCredential).type.not.toBeCallableWith(noScopes, id)
    expect(users.deleteCredential).type.not.toBeCallableWith(noScopes, id)
    expect(users.deleteUser).type.not.toBeCallableWith(noScopes)
    expect(reader).type.toBeAssignableTo(noScopes)
    expect(noScopes).type.not.toBeAssignableTo(reader)
  })

  it("has the scopes that it was made with", () => {
    expect(UserSession.make({ userId, accessToken, scopes: ["credentials:read", "user:read"] })).type.toBe<
      UserSession.UserSession<"credentials:read" | "user:read">
    >()
    expect(UserSession.make({ userId, accessToken, scopes: [] })).type.toBe<UserSession.UserSession<never>>()
  })

  it("cannot be written by hand", () => {
    expect({ userId, scopes: ["credentials:read"] as const }).type.not.toBeAssignableTo<
      UserSession.UserSession<"credentials:read">
    >()
    expect(users.listCredentials).type.not.toBeCallableWith({ userId, scopes: ["credentials:read"] as const })
  })

  it("needs a user and a redacted token", () => {
    expect(UserSession.make).type.not.toBeCallableWith({ accessToken, scopes: ["user:read"] })
    expect(UserSession.make).type.not.toBeCallableWith({ userId, accessToken: "a token", scopes: ["user:read"] })
    expect(UserSession.make).type.not.toBeCallableWith({ userId, accessToken, scopes: ["user:raed"] })
  })
})

describe("ids", () => {
  it("are no plain strings, and not each other's", () => {
    expect<string>().type.not.toBeAssignableTo<Ids.UserId>()
    expect<string>().type.not.toBeAssignableTo<Ids.CredentialsId>()
    expect<Ids.UserId>().type.not.toBeAssignableTo<Ids.CredentialsId>()
    expect<Ids.CredentialsId>().type.not.toBeAssignableTo<Ids.UserId>()
    expect(users.getCredential).type.not.toBeCallableWith(reader, "fedcba9876543210fedcba9876543210")
    expect(users.getCredential).type.not.toBeCallableWith(reader, userId)
  })
})

describe("a user is named by exactly one id", () => {
  const scopes = ["user:read"] as const

  it("by either", () => {
    expect(users.createAuthorization).type.toBeCallableWith({ userId, scopes })
    expect(users.createAuthorization).type.toBeCallableWith({ externalUserId: "cust-0001", scopes })
    expect(users.authorize).type.toBeCallableWith({ userId, scopes })
    expect(users.authorize).type.toBeCallableWith({ externalUserId: "cust-0001", scopes })
    expect<UserReference>().type.toBeAssignableTo<Parameters<typeof users.deleteUser>[0]>()
  })

  it("not by both, none, or something else", () => {
    expect(users.createAuthorization).type.not.toBeCallableWith({ userId, externalUserId: "cust-0001", scopes })
    expect(users.createAuthorization).type.not.toBeCallableWith({ scopes })
    expect(users.createAuthorization).type.not.toBeCallableWith({ userId: "cust-0001", scopes })
    expect(users.authorize).type.not.toBeCallableWith({ userId, externalUserId: "cust-0001", scopes })
    expect(users.authorize).type.not.toBeCallableWith({ scopes })
    expect(users.authorize).type.not.toBeCallableWith({ userId: "cust-0001", scopes })
    expect(users.deleteUser).type.not.toBeCallableWith({ userId, externalUserId: "cust-0001" })
    expect(users.deleteUser).type.not.toBeCallableWith({})
    expect(users.deleteUser).type.not.toBeCallableWith({ userId: "cust-0001" })
    expect(users.deleteUser).type.not.toBeCallableWith({ userId, scopes: ["user:delete"] })
  })

  it("for scopes of a user that exist", () => {
    expect(users.createAuthorization).type.not.toBeCallableWith({ userId, scopes: ["credentials:raed"] })
    expect(users.createAuthorization).type.not.toBeCallableWith({ userId, scopes: ["user:create"] })
    expect(users.authorize).type.not.toBeCallableWith({ userId, scopes: ["credentials:raed"] })
    expect(users.authorize).type.not.toBeCallableWith({ userId, scopes: ["user:create"] })
    expect(users.authorizeWithCode).type.not.toBeCallableWith({ code, scopes: ["credentials:raed"] })
  })
})

describe("input", () => {
  it("of createUser", () => {
    expect(users.createUser).type.not.toBeCallableWith({})
    expect(users.createUser).type.not.toBeCallableWith({ market: "SE", retentionClass: "PERMANENT" })
    expect(users.createUser).type.not.toBeCallableWith({ market: "SE", external_user_id: "cust-0001" })
  })
  it("of ensureUser: as of createUser, with an external id", () => {
    expect(users.ensureUser).type.not.toBeCallableWith({ market: "SE" })
    expect(users.ensureUser).type.not.toBeCallableWith({ externalUserId: "cust-0001" })
    expect<EnsureUserInput>().type.toBeAssignableTo<CreateUserInput>()
  })
  it("of authorizeWithCode: the code stays redacted", () => {
    expect(users.authorizeWithCode).type.not.toBeCallableWith({ code: "a code", scopes: ["user:read"] })
    expect(users.authorizeWithCode).type.not.toBeCallableWith({ code })
  })
  it("of getUserAccessToken: the code stays redacted, and a grant fits", () => {
    expect(users.getUserAccessToken).type.not.toBeCallableWith({ code: "a code" })
    expect<AuthorizationGrant>().type.toBeAssignableTo<Parameters<typeof users.getUserAccessToken>[0]>()
  })
})

describe("a scope that the library does not list", () => {
  const pensions = OAuthScope.other("pension-accounts:read")
  it("is one by its constructor alone, and keeps its name in the type", () => {
    expect(users.authorize).type.not.toBeCallableWith({ userId, scopes: ["pension-accounts:read"] })
    expect(pensions).type.toBeAssignableTo<UserScope>()
    expect(pensions).type.toBeAssignableTo<"pension-accounts:read">()
    expect(OAuthScope.other("other:read")).type.not.toBeAssignableTo<typeof pensions>()
  })
  it("is needed by its endpoints", () => {
    const listPensions = Endpoint.read({
      name: "listPensions",
      scope: pensions,
      route: "/data/v2/pensions",
      response: Schema.parseJson(Schema.Unknown)
    })
    expect(users.request).type.toBeCallableWith(
      UserSession.make({ userId, accessToken, scopes: [pensions, "user:read"] }),
      listPensions
    )
    expect(users.request).type.not.toBeCallableWith(reader, listPensions)
    expect(users.request).type.not.toBeCallableWith(
      UserSession.make({ userId, accessToken, scopes: [OAuthScope.other("other:read")] }),
      listPensions
    )
  })
})

describe("layer", () => {
  it("needs exactly TinkHttp and UserCache, and cannot fail", () => {
    expect(Users.layer).type.toBe<Layer.Layer<Users.Users, never, TinkHttp | UserCache>>()
  })

  it("with settings can fail with a ConfigError alone", () => {
    type Configured = Layer.Layer<Users.Users, ConfigError.ConfigError, TinkHttp | UserCache>
    expect(Users.layerWith({ tokenCapacity: 1, freshness: false })).type.toBe<Configured>()
    expect(Users.layerWith({ freshness: { inProgress: "1 second" } })).type.toBe<Configured>()
  })
})

describe("a status", () => {
  it("that is known can be told from the others", () => {
    expect<typeof KnownStatus.Type>().type.toBeAssignableTo<Status>()
    expect<Extract<Status, "UPDATED" | "SESSION_EXPIRED">>().type.toBe<"UPDATED" | "SESSION_EXPIRED">()
    expect<Exclude<Status, typeof KnownStatus.Type>>().type.not.toBe<never>()
    expect<Credential["status"]>().type.toBe<Status>()
  })
  it("that does not exist cannot be compared with", () => {
    expect<"UPDTAED">().type.not.toBeAssignableTo<Status>()
    expect<string>().type.not.toBeAssignableTo<Status>()
  })
})
