/** The defaults of `delegateAuthorization`, which `TinkLink` documents. Here, so that `Users` does not load `TinkLink`. */
import type { DelegableScope } from "@effect-tink/http/OAuthScope"

export const actorClientId = "df05e4b379934cd09963197cc855bfe9"

export const scopes: ReadonlyArray<DelegableScope> = Object.freeze([
  "authorization:read",
  "authorization:grant",
  "credentials:refresh",
  "credentials:read",
  "credentials:write",
  "providers:read",
  "user:read"
] as const)
