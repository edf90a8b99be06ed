/** The requests for authorization, each as `tink-api.md` documents it. */
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { NoContent, type TinkRequest } from "@effect-tink/http/TinkRequest"
import * as Schema from "effect/Schema"
import { AuthorizationGrant } from "../AuthorizationGrant.js"
import type { DelegateAuthorizationInput } from "../AuthorizationOperations.js"
import * as TinkLink from "../TinkLink.js"
import type { UserReference } from "../UserReference.js"

const AuthorizationGrantJson = Schema.parseJson(AuthorizationGrant)

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
  response: AuthorizationGrantJson
})

/** Section 2. */
export const delegateAuthorization = (input: DelegateAuthorizationInput): TinkRequest<AuthorizationGrant> => ({
  operation: "delegateAuthorization",
  method: "POST",
  route: "/api/v1/oauth/authorization-grant/delegate",
  authorization: { _tag: "Client", scopes: ["authorization:grant"] },
  body: {
    _tag: "Form",
    fields: {
      user_id: input.userId,
      external_user_id: input.externalUserId,
      scope: (input.scopes ?? TinkLink.scopes).join(","),
      id_hint: input.idHint,
      actor_client_id: input.actorClientId ?? TinkLink.actorClientId
    }
  },
  response: AuthorizationGrantJson
})

/** Section 2.1. */
export const revokeAll = (userId: UserId): TinkRequest<void> => ({
  operation: "revokeAll",
  method: "POST",
  route: "/api/v1/oauth/revoke-all",
  authorization: { _tag: "Client", scopes: ["authorization:revoke"] },
  body: { _tag: "Form", fields: { user_id: userId } },
  isIdempotent: true,
  response: NoContent
})
