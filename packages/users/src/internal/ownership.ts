/** The last line of defence against showing one user the data of another: looking whose data it is. */
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import type { Credential } from "../Credential.js"

const mismatch = (operation: string, detail: string) =>
  new TinkError({ reason: "Invalid", operation, detail, isRetryable: false, isAmbiguous: false })

/** Fails when a credential belongs to another user than the session says, as with another user's token. */
export const checkOwner =
  (operation: string) =>
  (credentials: ReadonlyArray<Credential>, userId: UserId): Effect.Effect<void, TinkError> =>
    credentials.every((credential) => credential.userId === undefined || credential.userId === userId)
      ? Effect.void
      : Effect.fail(mismatch(operation, "the access token of the session belongs to another user than its userId"))

/** Fails when Tink answers with another credential than the one asked for. */
export const checkId =
  (operation: string, id: CredentialsId) =>
  (credential: Credential): Effect.Effect<void, TinkError> =>
    credential.id === id ? Effect.void : Effect.fail(mismatch(operation, "Tink answered with another credential"))
