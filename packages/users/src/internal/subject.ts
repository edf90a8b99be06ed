/** Checks that an answer is about the user and the credential that were asked for, before it is returned or cached. */
import type { UserId } from "@effect-tink/http/Ids"
import type { UserScope } from "@effect-tink/http/OAuthScope"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Effect from "effect/Effect"
import type { SessionEndpoint, Subject } from "../Endpoint.js"
import type { Call } from "./call.js"

const mismatch = (subject: Subject, userId: UserId, credentialsId: unknown): string | undefined => {
  if (subject.userId !== undefined && subject.userId !== userId) {
    return "the access token of the session belongs to another user than its userId"
  }
  const isOther = credentialsId !== undefined && subject.credentialsId !== credentialsId
  return isOther && subject.credentialsId !== undefined ? "Tink answered about another credential" : undefined
}

/** Fails when an answer is about another user or credential than was asked for. */
export const checkSubjects =
  <A>(userId: UserId, { endpoint, id, members }: Call<SessionEndpoint<UserScope, never, A>>) =>
  (answer: A): Effect.Effect<void, TinkError> => {
    const credentialsId = id ?? members["credentialsId"]
    for (const subject of endpoint.subject?.(answer) ?? []) {
      const detail = mismatch(subject, userId, credentialsId)
      if (detail !== undefined) return invalidInput(endpoint.name, detail)
    }
    return Effect.void
  }
