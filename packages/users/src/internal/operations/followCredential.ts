import type { CredentialsId } from "@effect-tink/http/Ids"
import { readOr, toDuration } from "@effect-tink/http/InputRules"
import { invalidInput, type TinkError } from "@effect-tink/http/TinkError"
import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Credential } from "../../Credential.js"
import type { FollowOptions } from "../../Refresh.js"
import type { UserSession } from "../../UserSession.js"
import { bind } from "../requests/call.js"
import type { Dependencies } from "../dependencies.js"
import { getCredential } from "../endpoints/credentials.js"
import type { Follow, Following } from "../following/follow.js"
import type { Known } from "../following/observer.js"
import { isOptional, isPlainObject } from "../schemas/input.js"

const isDuration = (value: unknown): boolean => Option.isSome(toDuration(value))

const findProblem = (options: FollowOptions & { readonly onProgress?: unknown }): string | undefined => {
  if (!isOptional(options.schedule, Schedule.isSchedule)) return "schedule must be a Schedule"
  if (!isOptional(options.patience, isDuration)) return "patience must be a duration"
  if (!isOptional(options.since, Schema.is(Credential))) return "since must be a Credential"
  return isOptional(options.onProgress, Predicate.isFunction) ? undefined : "onProgress must be a function"
}

/** An `Exit`, so that following needs no effect before its first response. */
export const checkFollowOptions = (
  operation: string,
  options: (FollowOptions & { readonly onProgress?: unknown }) | undefined
): Exit.Exit<void, TinkError> => {
  if (options === undefined) return Exit.void
  const problem = readOr(
    () => (isPlainObject(options) ? findProblem(options) : "the options must be a plain object"),
    "the options could not be read"
  )
  return problem === undefined ? Exit.void : Exit.fail(invalidInput(operation, problem))
}

const operation = "followCredential"

/** Emits the changes until the list of changes is empty. */
const emit = ({ take }: Pick<Following, "take">): Channel.Channel<Chunk.Chunk<Credential>, unknown, TinkError> =>
  Channel.flatMap(take, (credentials) =>
    credentials.length === 0
      ? Channel.void
      : Channel.flatMap(Channel.write(Chunk.unsafeFromArray(credentials)), () => emit({ take }))
  )

export const make = ({ access, changes, gate }: Pick<Dependencies, "access" | "changes" | "gate">, follow: Follow) => {
  // `since` says that there was a change, possibly by another process.
  const known = (since: Credential | undefined): Known | undefined =>
    since === undefined ? undefined : { before: since, change: changes.next() }

  const begin = (
    session: UserSession<"credentials:read">,
    id: CredentialsId,
    options: FollowOptions | undefined
  ): Exit.Exit<Following, TinkError> =>
    Exit.flatMap(access.open(operation, session, getCredential.scope), (opened) =>
      Exit.flatMap(bind(getCredential, [id], operation), (call) =>
        Exit.map(checkFollowOptions(operation, options), () =>
          follow({ operation, session: opened, id, call, options, known: known(options?.since) })
        )
      )
    )

  // A channel of its own: each layer of a stream costs every follower kilobytes.
  return (
    session: UserSession<"credentials:read">,
    id: CredentialsId,
    options?: FollowOptions
  ): Stream.Stream<Credential, TinkError> =>
    Stream.fromChannel(
      Channel.flatMap(gate, () =>
        Exit.match(begin(session, id, options), {
          onFailure: Channel.failCause,
          onSuccess: (following) => Channel.ensuring(emit(following), Effect.sync(following.leave))
        })
      )
    )
}
