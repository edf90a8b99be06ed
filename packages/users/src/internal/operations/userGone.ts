import type { TinkError } from "@effect-tink/http/TinkError"
import { createAuthorization } from "../endpoints/authorization.js"
import { deleteUser, getUserIdentity } from "../endpoints/steps.js"

/** The requests that name a user, or carry a token of one. */
const userRoutes: ReadonlySet<string | undefined> = new Set([
  createAuthorization.route,
  deleteUser.route,
  getUserIdentity.route
])

/** An application with a private key names the user at the token endpoint. */
const isUnknownSubject = ({ operation, route }: TinkError): boolean =>
  route === "/api/v1/oauth/token" && operation === "getUserAccessToken"

/** Whether the user does not exist. A 404 of any other route says nothing of the user: the base URL may be wrong. */
export const isUserGone = (error: TinkError): boolean =>
  error.reason === "NotFound" && (userRoutes.has(error.route) || isUnknownSubject(error))
