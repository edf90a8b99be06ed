/** The last line of defence against showing one user the data of another: looking whose data it is. */
import type { CredentialsId, UserId } from "@effect-tink/http/Ids"
import { TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import type { Credential } from "../Credential.js"
import type { ProviderConsent } from "../ProviderConsent.js"

const mismatch = (operation: string, detail: string) =>
  new TinkError({ reason: "Invalid", operation, detail, isRetryable: false, isAmbiguous: false })

const otherUser = (operation: string) =>
  mismatch(operation, "the access token of the session belongs to another user than its userId")

/** Fails when a user is not the one whom the session says. */
export const checkUser =
  (operation: string) =>
  (user: { readonly id: UserId }, userId: UserId): Effect.Effect<void, TinkError> =>
    user.id === userId ? Effect.void : Effect.fail(otherUser(operation))

/** Fails when a credential belongs to another user than the session says, as with another user's token. */
export const checkOwner =
  (operation: string) =>
  (credentials: ReadonlyArray<Credential>, userId: UserId): Effect.Effect<void, TinkError> =>
    credentials.every((credential) => credential.userId === undefined || credential.userId === userId)
      ? Effect.void
      : Effect.fail(otherUser(operation))

/** Fails when Tink answers with another credential than the one asked for. */
export const checkId =
  (operation: string, id: CredentialsId) =>
  (credential: Credential): Effect.Effect<void, TinkError> =>
    credential.id === id ? Effect.void : Effect.fail(mismatch(operation, "Tink answered with another credential"))

/** Fails when a consent is for another credential than the one asked for. */
export const checkConnection =
  (operation: string, id: CredentialsId) =>
  (consents: ReadonlyArray<ProviderConsent>): Effect.Effect<void, TinkError> =>
    consents.every(({ credentialsId }) => credentialsId === undefined || credentialsId === id)
      ? Effect.void
      : Effect.fail(mismatch(operation, "Tink answered with the consent for another credential"))

/** The same of the answer to a change, which has been made by then. */
export const afterChange: <A>(check: Effect.Effect<A, TinkError>) => Effect.Effect<A, TinkError> = Effect.mapError(
  (error) => new TinkError({ ...error, isAmbiguous: true })
)
