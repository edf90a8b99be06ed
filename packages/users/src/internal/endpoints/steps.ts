/** Endpoints that are steps of operations, not operations themselves. */
import { UserId } from "@effect-tink/http/Ids"
import { NoContent } from "@effect-tink/http/TinkRequest"
import * as Schema from "effect/Schema"
import * as Endpoint from "../../Endpoint.js"
import * as Input from "../schemas/input.js"

const UserIdentity = Schema.Struct({
  id: UserId,
  externalUserId: Schema.optionalWith(Schema.String, { exact: true, nullable: true })
})

/** Decodes the ids only, so that no other member can fail. */
export const getUserIdentity = Endpoint.read({
  name: "getUserIdentity",
  scope: "user:read",
  route: "/api/v1/user",
  response: Schema.parseJson(UserIdentity),
  source: "tink-api.md 5.1"
})

/** Idempotent: Tink never gives an id to another user, so that deleting twice deletes no other. */
export const deleteUser = Endpoint.change({
  name: "deleteUser",
  scope: "user:delete",
  method: "POST",
  route: "/api/v1/user/delete",
  isIdempotent: true,
  response: NoContent,
  source: "tink-api.md 4"
})

/** Idempotent: revoking twice revokes no more. */
export const revokeAll = Endpoint.client({
  name: "revokeAll",
  scope: "authorization:revoke",
  method: "POST",
  route: "/api/v1/oauth/revoke-all",
  input: Input.withReference({}),
  encoding: "form",
  isIdempotent: true,
  response: NoContent,
  source: "tink-api.md 2.1"
})
