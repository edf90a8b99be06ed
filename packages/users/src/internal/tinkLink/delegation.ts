/** To whom, and for what, an authorization is delegated. `TinkLink` has the documentation; `Users` needs no more of it. */
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
