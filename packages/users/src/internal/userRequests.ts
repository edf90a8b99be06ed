/** The requests about users themselves, each as `tink-api.md` documents it. */
import { UserId } from "@effect-tink/http/Ids"
import { NoContent, type TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Schema from "effect/Schema"
import { CreatedUser } from "../CreatedUser.js"
import { User } from "../User.js"
import type { CreateUserInput, UpdateUserInput } from "../UserOperations.js"
import { UserProfile } from "../UserProfile.js"

const CreatedUserJson = Schema.parseJson(CreatedUser)
const UserJson = Schema.parseJson(User)
const UserProfileJson = Schema.parseJson(UserProfile)

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
  response: CreatedUserJson
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
const UserIdentityJson = Schema.parseJson(UserIdentity)

/** Section 5.1, of which only the ids are of use here. */
export const getUserIdentity = (operation: string, tokens: TokenSource): TinkRequest<typeof UserIdentity.Type> => ({
  operation,
  method: "GET",
  route: "/api/v1/user",
  authorization: { _tag: "User", tokens, scope: "user:read" },
  response: UserIdentityJson
})

/** Section 5.1. */
export const getUser = (tokens: TokenSource): TinkRequest<User> => ({
  operation: "getUser",
  method: "GET",
  route: "/api/v1/user",
  authorization: { _tag: "User", tokens, scope: "user:read" },
  response: UserJson
})

/** Section 5.2: with the id, which the text asks for though the example has none (12.14). */
export const updateUser = (tokens: TokenSource, userId: UserId, input: UpdateUserInput): TinkRequest<User> => ({
  operation: "updateUser",
  method: "PATCH",
  route: "/api/v1/user",
  authorization: { _tag: "User", tokens, scope: "user:write" },
  body: { _tag: "Json", value: { id: userId, externalUserId: input.externalUserId, username: input.username } },
  // The same names once more change nothing.
  isIdempotent: true,
  response: UserJson
})

/** Section 5.2. */
export const getProfile = (tokens: TokenSource): TinkRequest<UserProfile> => ({
  operation: "getProfile",
  method: "GET",
  route: "/api/v1/user/profile",
  authorization: { _tag: "User", tokens, scope: "user:read" },
  response: UserProfileJson
})

/** Section 5.2: the whole profile, also what is read-only. */
export const updateProfile = (tokens: TokenSource, profile: UserProfile): TinkRequest<UserProfile> => ({
  operation: "updateProfile",
  method: "PUT",
  route: "/api/v1/user/profile",
  authorization: { _tag: "User", tokens, scope: "user:write" },
  body: { _tag: "Json", value: profile },
  response: UserProfileJson
})
