/** The store over a connection: keys, batches, and what a server must be able to do. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Stream from "effect/Stream"
import { type Hint, type Service, StoreError, type Validation } from "../InvalidationStore.js"
import { type Connection, type ConnectionError, toMessage } from "./connection.js"
import { hashSlot } from "./hashSlot.js"
import * as scripts from "./scripts.js"

/** A script blocks the server while it runs. */
const usersPerScript = 500

const hex = (bytes: ArrayBuffer) => Encoding.encodeHex(new Uint8Array(bytes))

const sha1 = (text: string) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-1", new TextEncoder().encode(text))),
    hex
  )

/** Escapes what would end a hash tag early. Tink's ids stay readable. */
const toTag = (userId: string): string => (/^[\w-]+$/.test(userId) ? userId : `~${Encoding.encodeBase64Url(userId)}`)

const slotOf = (userId: string): number => hashSlot(toTag(userId))

const serverOf =
  ({ nodeOf }: Connection) =>
  (userId: string): string => {
    if (nodeOf === undefined) return ""
    const slot = slotOf(userId)
    return nodeOf(slot) ?? String(slot)
  }

/** The users of each script. */
const split = ({ nodeOf }: Connection, userIds: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  if (nodeOf === undefined && userIds.length <= usersPerScript) return [userIds]
  const groups =
    nodeOf === undefined ? [userIds] : Object.values(Arr.groupBy(userIds, (userId) => String(slotOf(userId))))
  return groups.flatMap((group) => Arr.chunksOf(group, usersPerScript))
}

/** Tokens that no process has made before. */
const makeTokens = () => {
  const random = Encoding.encodeBase64Url(crypto.getRandomValues(new Uint8Array(16)))
  let count = 0
  return () => `${random}.${(++count).toString(36)}`
}

const isText = (value: unknown): value is string => typeof value === "string"

const parseValidations = (answer: unknown, users: number): ReadonlyArray<Validation> | undefined => {
  if (!Array.isArray(answer) || answer.length !== 2 * users) return undefined
  const validations: Array<Validation> = []
  for (let index = 0; index < answer.length; index += 2) {
    const generation: unknown = answer[index]
    if (!isText(generation)) return undefined
    validations.push({ generation, isChanging: answer[index + 1] !== 0 })
  }
  return validations
}

/** What the server does when it is full, and the commands that failed. */
interface Check {
  readonly policy: string
  readonly failures: ReadonlyArray<{ readonly command: string; readonly message: string }>
}

const parseCheck = (answer: unknown): Check | undefined => {
  const [policy, ...texts] = Array.isArray(answer) && answer.every(isText) ? answer : []
  if (policy === undefined) return undefined
  return { policy, failures: Arr.chunksOf(texts, 2).map(([command, message = ""]) => ({ command, message })) }
}

export const make = (connection: Connection, namespace: string) =>
  Effect.gen(function* () {
    const prefix = `tink:${namespace}:`
    const channel = `${prefix}hints`
    const nextToken = makeTokens()
    const shas = new Map<scripts.Script, string>()
    for (const script of [scripts.check, scripts.validate, scripts.begin, scripts.finish, scripts.advance]) {
      shas.set(script, yield* sha1(script.text))
    }

    const keysOf = (userId: string): ReadonlyArray<string> => {
      const key = `${prefix}{${toTag(userId)}}`
      return [`${key}s`, `${key}p`]
    }

    const send = (script: scripts.Script, keys: ReadonlyArray<string>, args: ReadonlyArray<string>) =>
      connection.evalSha(shas.get(script) ?? "", keys, args).catch((cause: unknown) => {
        if (!toMessage(cause).startsWith("NOSCRIPT")) throw cause
        return connection.eval(script.text, keys, args)
      })

    const run = <A>(
      script: scripts.Script,
      keys: ReadonlyArray<string>,
      args: ReadonlyArray<string>,
      parse: (answer: unknown) => A | undefined
    ): Effect.Effect<A, StoreError> =>
      Effect.tryPromise({
        try: () =>
          send(script, keys, args).then((answer) => {
            const parsed = parse(answer)
            if (parsed === undefined) throw new Error("an answer that is not the script's")
            return parsed
          }),
        catch: (cause) => new StoreError({ operation: script.name, message: toMessage(cause) })
      })

    const validateTogether = (userIds: ReadonlyArray<string>) =>
      run(scripts.validate, userIds.flatMap(keysOf), [nextToken()], (answer) =>
        parseValidations(answer, userIds.length)
      )

    const validate: Service["validate"] = (userIds) => {
      const groups = split(connection, userIds)
      const [first] = groups
      if (groups.length === 1 && first !== undefined) return validateTogether(first)
      return Effect.map(Effect.forEach(groups, validateTogether, { concurrency: "unbounded" }), (answers) => {
        const byUser = new Map<string, Validation>()
        for (const [userId, answer] of Arr.zip(groups.flat(), answers.flat())) byUser.set(userId, answer)
        return userIds.map((userId) => byUser.get(userId) ?? { generation: "", isChanging: true })
      })
    }

    const begin: Service["begin"] = (userId, changeId) =>
      run(scripts.begin, keysOf(userId), [nextToken(), changeId], (answer) =>
        isText(answer) ? { token: answer } : undefined
      )

    const finish: Service["finish"] = ({ changeId, quarantineMillis, token = "", userId }) =>
      run(
        scripts.finish,
        keysOf(userId),
        [nextToken(), changeId, token, String(quarantineMillis), channel, `${changeId} ${userId}`],
        (answer) => (answer === 1 || answer === 0 ? { wasMarked: answer === 1 } : undefined)
      )

    const advance: Service["advance"] = (userId) =>
      run(scripts.advance, keysOf(userId), [nextToken()], (answer) => {
        const [previous, generation] = Array.isArray(answer) ? answer : []
        return isText(previous) && isText(generation) ? { previous, generation } : undefined
      })

    // Not `asyncScoped`, which makes a fiber for each message: a change would cost half as much again.
    const hints: Service["hints"] = Stream.asyncPush<Hint, ConnectionError>(
      (emit) =>
        connection.subscribe(channel, (message) => {
          const end = message.indexOf(" ")
          // The check at the start of a process publishes an empty message.
          if (end >= 0) emit.single({ changeId: message.slice(0, end), userId: message.slice(end + 1) })
        }),
      { bufferSize: 1024, strategy: "sliding" }
    ).pipe(Stream.mapError(({ message }) => new StoreError({ operation: "hints", message })))

    /** Runs the script in both ways, and subscribes for a moment. */
    const check: Effect.Effect<Check, StoreError> = Effect.gen(function* () {
      const keys = [`${prefix}{!check}s`, `${prefix}{!check}p`]
      yield* Effect.tryPromise({
        try: () => connection.eval(scripts.check.text, keys, [channel]),
        catch: (cause) => new StoreError({ operation: "check", message: toMessage(cause) })
      })
      const checked = yield* run(scripts.check, keys, [channel], parseCheck)
      const failures = yield* Effect.match(Effect.scoped(connection.subscribe(channel, () => {})), {
        onSuccess: () => [],
        onFailure: ({ message }) => [{ command: "SUBSCRIBE", message }]
      })
      return { ...checked, failures: [...checked.failures, ...failures] }
    })

    return {
      store: { serverOf: serverOf(connection), validate, begin, finish, advance, hints } satisfies Service,
      check
    }
  })

/** Answers of a server that is there, and will never do what the store needs. */
const isRefusal = (message: string) =>
  /NOPERM|can't (run|access|publish)|NOAUTH|WRONGPASS|INFO has no|unknown (redis )?command|not allowed/i.test(message)

const refusal = (what: string) =>
  new StoreError({
    operation: "check",
    message: `Redis refuses what the store needs: ${what}. Allow the commands, keys and channels that the README lists`
  })

const cannotBeUsed = (message: string) =>
  Effect.logWarning(`Redis cannot be used now, so nothing is cached until it can: ${message}`)

const report = ({ failures, policy }: Check): Effect.Effect<void, StoreError> => {
  const describe = (some: Check["failures"]) => some.map(({ command, message }) => `${command} (${message})`).join(", ")
  const refused = failures.filter(({ message }) => isRefusal(message))
  if (refused.length > 0) return refusal(describe(refused))
  if (failures.length > 0) return cannotBeUsed(describe(failures))
  return policy === "noeviction"
    ? Effect.void
    : Effect.logWarning(
        `Redis has maxmemory-policy ${policy === "" ? "unknown" : policy}: set noeviction, because an evicted quarantine is forgotten`
      )
}

/**
 * Fails if the server can never be used. One that cannot be reached now may be later: until then nothing is cached.
 */
export const verify = (check: Effect.Effect<Check, StoreError>): Effect.Effect<void, StoreError> =>
  check.pipe(
    Effect.timeoutFail({
      duration: "2 seconds",
      onTimeout: () => new StoreError({ operation: "check", message: "no answer within 2 seconds" })
    }),
    Effect.matchEffect({
      onSuccess: report,
      onFailure: ({ message }) => (isRefusal(message) ? refusal(message) : cannotBeUsed(message))
    })
  )
