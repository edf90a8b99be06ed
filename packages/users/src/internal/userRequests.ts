/** The requests about users themselves, each as `tink-api.md` documents it. */
import { UserId } from "@effect-tink/http/Ids"
import { NoContent, type TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Schema from "effect/Schema"
import { CreatedUser } from "../CreatedUser.js"
import type { CreateUserInput } from "../UserOperations.js"

/** Section 3. */
export const createUser = (operation: string, input: CreateUserInput): TinkRequest<CreatedUser> => ({
  operation,
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

/** Section 4: no body. An id is never given to another user, so that deleting twice deletes nobody else. */
export const deleteUser = (tokens: TokenSource): TinkRequest<void> => ({
  operation: "deleteUser",
  method: "POST",
  route: "/api/v1/user/delete",
  authorization: { _tag: "User", tokens, scope: "user:delete" },
  isIdempotent: true,
  response: NoContent
})

const UserIdentity = Schema.Struct({
  id: UserId,
  externalUserId: Schema.optionalWith(Schema.String, { exact: true, nullable: true })
})

/** Section 5.1, of which only the ids are of use here. */
export const getUserIdentity = (operation: string, tokens: TokenSource): TinkRequest<typeof UserIdentity.Type> => ({
  operation,
  method: "GET",
  route: "/api/v1/user",
  authorization: { _tag: "User", tokens, scope: "user:read" },
  response: Schema.parseJson(UserIdentity)
})
