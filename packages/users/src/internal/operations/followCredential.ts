import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkError } from "@effect-tink/http/TinkError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Credential } from "../../Credential.js"
import type { FollowOptions } from "../../Refresh.js"
import type { UserSession } from "../../UserSession.js"
import { bind } from "../call.js"
import type { Dependencies } from "../dependencies.js"
import { getCredential } from "../endpoints/credentials.js"
import type { Follow } from "../following/follow.js"
import { check } from "../input.js"

const isOptional = (value: unknown, isValid: (value: unknown) => boolean): boolean =>
  value === undefined || isValid(value)

const isDuration = (value: unknown): boolean => Option.isSome(Duration.decodeUnknown(value))

export const checkFollowOptions = (
  operation: string,
  options: (FollowOptions & { readonly onProgress?: unknown }) | undefined
): Effect.Effect<void, TinkError> =>
  check(
    operation,
    [isOptional(options?.schedule, Schedule.isSchedule), "schedule must be a Schedule"],
    [isOptional(options?.patience, isDuration), "patience must be a duration"],
    [isOptional(options?.since, Schema.is(Credential)), "since must be a Credential"],
    [isOptional(options?.onProgress, Predicate.isFunction), "onProgress must be a function"]
  )

const operation = "followCredential"

export const make =
  ({ access, changes }: Pick<Dependencies, "access" | "changes">, follow: Follow) =>
  (
    session: UserSession<"credentials:read">,
    id: CredentialsId,
    options?: FollowOptions
  ): Stream.Stream<Credential, TinkError> =>
    Effect.gen(function* () {
      const opened = yield* access.open(operation, session, getCredential.scope)
      const call = yield* bind(getCredential, [id], operation)
      yield* checkFollowOptions(operation, options)
      // `since` says that there was a change, possibly by another process.
      const known = options?.since === undefined ? undefined : { before: options.since, change: changes.next() }
      const following = yield* follow({ operation, session: opened, id, call, options, known })
      return Mailbox.toStream(following.changes)
    }).pipe(Stream.unwrapScoped)
