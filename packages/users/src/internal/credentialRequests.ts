/** The requests about credentials, each as `tink-api.md` documents it. */
import type { CredentialsId } from "@effect-tink/http/Ids"
import { NoContent, type TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Schema from "effect/Schema"
import { Credential } from "../Credential.js"

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
  authorization: { _tag: "User", tokens, scope: "credentials:read" },
  response: Schema.parseJson(CredentialList)
})

/** Section 6. */
export const getCredential = (tokens: TokenSource, id: CredentialsId): TinkRequest<Credential> => ({
  operation: "getCredential",
  method: "GET",
  route: "/api/v1/credentials/{id}",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:read" },
  response: Schema.parseJson(Credential)
})

/** Section 6.4: no body, which asks for all that can be refreshed. */
export const refreshCredential = (tokens: TokenSource, id: CredentialsId): TinkRequest<void> => ({
  operation: "refreshCredential",
  method: "POST",
  route: "/api/v1/credentials/{id}/refresh",
  params: { id },
  authorization: { _tag: "User", tokens, scope: "credentials:refresh" },
  response: NoContent
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
