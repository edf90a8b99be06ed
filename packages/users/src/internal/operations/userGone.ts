import type { TinkError } from "@effect-tink/http/TinkError"
import { createAuthorization } from "../endpoints/authorization.js"
import { deleteUser, getUserIdentity } from "../endpoints/steps.js"

/** The requests that name a user, or carry a token of one. The token endpoint does for an application with a private key. */
const userRoutes: ReadonlySet<string | undefined> = new Set([
  "/api/v1/oauth/token",
  createAuthorization.route,
  deleteUser.route,
  getUserIdentity.route
])

/** Whether the user does not exist. A 404 of any other route says nothing of the user: the base URL may be wrong. */
export const isUserGone = (error: TinkError): boolean => error.reason === "NotFound" && userRoutes.has(error.route)
