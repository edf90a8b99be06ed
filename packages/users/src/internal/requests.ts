/** The requests of `Users`, each as `tink-api.md` documents it. */
import { type CredentialsId, UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { NoContent, type TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Schema from "effect/Schema"
import { AuthorizationGrant } from "../AuthorizationGrant.js"
import { CreatedUser } from "../CreatedUser.js"
import { Credential } from "../Credential.js"
import type { CreateUserInput, UserReference } from "../Users.js"

/** Section 3. */
export const createUser = (input: CreateUserInput): TinkRequest<CreatedUser> => ({
  operation: "createUser",
  method: "POST",
  route: "/api/v1/user/create",
  authorization: { _tag: "Client", scopes: ["user:create"] },
  body: {
    _tag: "Json",
    value: {
      market: input.market,
      locale: input.locale,
      external_user_id: input.externalUserId,
      retention_class: input.retentionClass
    }
  },
  response: Schema.parseJson(CreatedUser)
})

/** Section 4: no body. */
export const deleteUser = (tokens: TokenSource): TinkRequest<void> => ({
  operation: "deleteUser",
  method: "POST",
  route: "/api/v1/user/delete",
  authorization: { _tag: "User", tokens },
  response: NoContent
})

/** Section 2. */
export const createAuthorization = (
  input: UserReference & { readonly scopes: ReadonlyArray<UserScope> }
): TinkRequest<AuthorizationGrant> => ({
  operation: "createAuthorization",
  method: "POST",
  route: "/api/v1/oauth/authorization-grant",
  authorization: { _tag: "Client", scopes: ["authorization:grant"] },
  body: {
    _tag: "Form",
    fields: { user_id: input.userId, external_user_id: input.externalUserId, scope: input.scopes.join(",") }
  },
  response: Schema.parseJson(AuthorizationGrant)
})

const UserIdentity = Schema.Struct({
  id: UserId,
  externalUserId: Schema.optionalWith(Schema.String, { exact: true, nullable: true })
})

/** Section 5.1, of which only the ids are of use here. */
export const getUserIdentity = (tokens: TokenSource): TinkRequest<typeof UserIdentity.Type> => ({
  operation: "authorize",
  method: "GET",
  route: "/api/v1/user",
  authorization: { _tag: "User", tokens },
  response: Schema.parseJson(UserIdentity)
})

const CredentialList = Schema.Struct({ credentials: Schema.Array(Credential) }).pipe(
  Schema.transform(Schema.Array(Schema.typeSchema(Credential)), {
    strict: true,
    // Readers of the cache share it.
    decode: ({ credentials }) => Object.freeze(credentials),
    encode: (credentials) => ({ credentials })
  })
)

/** Section 6. */
export const listCredentials = (tokens: TokenSource): TinkRequest<ReadonlyArray<Credential>> => ({
  operation: "listCredentials",
  method: "GET",
  route: "/api/v1/credentials/list",
  authorization: { _tag: "User", tokens },
  response: Schema.parseJson(CredentialList)
})

/** Section 6. */
export const getCredential = (tokens: TokenSource, id: CredentialsId): TinkRequest<Credential> => ({
  operation: "getCredential",
  method: "GET",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: { _tag: "User", tokens },
  response: Schema.parseJson(Credential)
})

/** Section 6.4: no body, which asks for all that can be refreshed. */
export const refreshCredential = (tokens: TokenSource, id: CredentialsId): TinkRequest<void> => ({
  operation: "refreshCredential",
  method: "POST",
  route: "/api/v1/credentials/{id}/refresh",
  params: { id },
  authorization: { _tag: "User", tokens },
  response: NoContent
})

/** Section 6. */
export const deleteCredential = (tokens: TokenSource, id: CredentialsId): TinkRequest<void> => ({
  operation: "deleteCredential",
  method: "DELETE",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: { _tag: "User", tokens },
  response: NoContent
})
