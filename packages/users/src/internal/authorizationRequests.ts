/** The requests for authorization, each as `tink-api.md` documents it. */
import type { UserScope } from "@effect-tink/http/OAuthScope"
import type { TinkRequest } from "@effect-tink/http/TinkRequest"
import * as Schema from "effect/Schema"
import { AuthorizationGrant } from "../AuthorizationGrant.js"
import type { UserReference } from "../UserReference.js"

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
