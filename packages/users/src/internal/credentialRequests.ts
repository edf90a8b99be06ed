/** The requests about credentials, each as `tink-api.md` documents it. */
import type { CredentialsId } from "@effect-tink/http/Ids"
import { type Body, NoContent, type TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Credential } from "../Credential.js"
import type {
  AuthenticateOptions,
  CreateCredentialInput,
  Fields,
  RefreshOptions,
  SelectedAuthenticationOption,
  UpdateCredentialInput
} from "../CredentialOperations.js"
import * as Input from "./input.js"
import { frozenList } from "./schema.js"

/** Copies, as whoever gave a secret may wipe it; and all of them secret, so that no error repeats one. */
const secretsOf = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, Redacted.make(Input.textOf(value) ?? "")] as const)
  )

const selected = (options: ReadonlyArray<SelectedAuthenticationOption> | undefined) =>
  options?.map(({ authenticationOptionDefinition, authenticationOptionsGroup, fields }) => ({
    authenticationOptionDefinition,
    authenticationOptionsGroup,
    fields: fields && secretsOf(fields)
  }))

/** What all requests that make the user log in have in common. */
const login = (options: AuthenticateOptions | undefined) => ({
  appUri: options?.appUri,
  callbackUri: options?.callbackUri,
  originatingUserIp: options?.originatingUserIp,
  selectedAuthenticationOptions: selected(options?.selectedAuthenticationOptions)
})

/** No body where there is nothing to say, as it is optional. */
const optionalBody = (value: Readonly<Record<string, unknown>>): Body | undefined =>
  Object.values(value).some((part) => part !== undefined) ? { _tag: "Json", value } : undefined

const CredentialList = Schema.Struct({ credentials: Schema.Array(Credential) }).pipe(
  Schema.transform(frozenList<Credential>(), {
    strict: true,
    decode: ({ credentials }) => Object.freeze(credentials),
    encode: (credentials) => ({ credentials })
  })
)

const CredentialListJson = Schema.parseJson(CredentialList)
const CredentialJson = Schema.parseJson(Credential)

/** Section 6. */
export const listCredentials = (tokens: TokenSource): TinkRequest<ReadonlyArray<Credential>> => ({
  operation: "listCredentials",
  method: "GET",
  route: "/api/v1/credentials/list",
  authorization: { _tag: "User", tokens, scope: "credentials:read" },
  response: CredentialListJson
})

/** Section 6. */
export const getCredential = (tokens: TokenSource, id: CredentialsId): TinkRequest<Credential> => ({
  operation: "getCredential",
  method: "GET",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:read" },
  response: CredentialJson
})

/** Sections 6 and 6.6. */
export const createCredential = (tokens: TokenSource, input: CreateCredentialInput): TinkRequest<Credential> => ({
  operation: "createCredential",
  method: "POST",
  route: "/api/v1/credentials",
  query: { items: input.items },
  authorization: { _tag: "User", tokens, scope: "credentials:write" },
  body: {
    _tag: "Json",
    value: {
      providerName: input.providerName,
      fields: secretsOf(input.fields),
      ...login(input),
      triggerRefresh: input.triggerRefresh
    }
  },
  response: CredentialJson
})

/** Sections 6 and 6.6. */
export const updateCredential = (
  tokens: TokenSource,
  id: CredentialsId,
  input: UpdateCredentialInput
): TinkRequest<Credential> => ({
  operation: "updateCredential",
  method: "PUT",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:write" },
  body: {
    _tag: "Json",
    value: {
      providerName: input.providerName,
      fields: input.fields && secretsOf(input.fields),
      ...login(input),
      triggerRefresh: input.triggerRefresh
    }
  },
  // Like a refresh, it may ask the user for something: not twice.
  isIdempotent: false,
  response: CredentialJson
})

/** Section 6.4: without items it asks for all that can be refreshed. */
export const refreshCredential = (
  tokens: TokenSource,
  id: CredentialsId,
  options: RefreshOptions | undefined
): TinkRequest<void> => ({
  operation: "refreshCredential",
  method: "POST",
  route: "/api/v1/credentials/{id}/refresh",
  params: { id },
  query: { items: options?.items, optIn: options?.optIn, authenticate: options?.authenticate },
  authorization: { _tag: "User", tokens, scope: "credentials:refresh" },
  body: optionalBody({
    appUri: options?.appUri,
    callbackUri: options?.callbackUri,
    selectedAuthenticationOptions: selected(options?.selectedAuthenticationOptions),
    userAvailability: options?.userAvailability && {
      userPresent: options.userAvailability.userPresent,
      userAvailableForInteraction: options.userAvailability.userAvailableForInteraction,
      originatingUserIp: options.userAvailability.originatingUserIp
    }
  }),
  response: NoContent
})

/** Section 6.5. */
export const authenticateCredential = (
  tokens: TokenSource,
  id: CredentialsId,
  options: AuthenticateOptions | undefined
): TinkRequest<void> => ({
  operation: "authenticateCredential",
  method: "POST",
  route: "/api/v1/credentials/{id}/authenticate",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:refresh" },
  body: optionalBody(login(options)),
  response: NoContent
})

/** Section 6.3. */
export const submitSupplementalInformation = (
  tokens: TokenSource,
  id: CredentialsId,
  information: Fields
): TinkRequest<void> => ({
  operation: "submitSupplementalInformation",
  method: "POST",
  route: "/api/v1/credentials/{id}/supplemental-information",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:refresh" },
  body: { _tag: "Json", value: { information: secretsOf(information) } },
  response: NoContent
})

const QrCode = Schema.Redacted(Schema.Trim.pipe(Schema.pattern(/^data:image\/png;base64,[A-Za-z0-9+/]+={0,2}$/)))

/** Section 6, and 12.12: a text, not the picture itself. */
export const getCredentialQr = (tokens: TokenSource, id: CredentialsId): TinkRequest<Redacted.Redacted> => ({
  operation: "getCredentialQr",
  method: "GET",
  route: "/api/v1/credentials/{id}/qr",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:read" },
  response: QrCode
})

/** Section 6. */
export const deleteCredential = (tokens: TokenSource, id: CredentialsId): TinkRequest<void> => ({
  operation: "deleteCredential",
  method: "DELETE",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:write" },
  response: NoContent
})
