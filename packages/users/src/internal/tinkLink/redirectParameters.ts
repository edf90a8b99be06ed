/** What Tink Link comes back with. A name with a second spelling has both (`tink-api.md` 12.16). */
export const redirectParameters = [
  "code",
  "credentials",
  "credentialsId",
  "credentials_id",
  "error",
  "error_reason",
  "error_type",
  "message",
  "provider_name",
  "state",
  "tracking_id"
] as const
