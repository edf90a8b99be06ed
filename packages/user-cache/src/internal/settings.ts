import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The settings of a cache, as its engine needs them. */
export interface Settings {
  readonly capacity: number
  readonly timeToLiveMillis: number
  readonly quarantineMillis: number
}

const isNegative = (part: unknown): boolean =>
  typeof part === "string" ? part.startsWith("-") : typeof part === "bigint" ? part < 0n : isNegativeNumber(part)

const isNegativeNumber = (part: unknown): boolean => typeof part === "number" && !(part >= 0)

/** Not `Duration.decodeUnknown` alone, which takes `NaN` and negative durations for zero. */
const decodeMillis = (value: unknown): number | undefined => {
  const parts: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
  if (parts.some(isNegative)) return undefined
  return Option.getOrUndefined(Option.map(Duration.decodeUnknown(value), Duration.toMillis))
}

/** A value may throw when it is read, as a revoked `Proxy` does. */
const toMillis = (value: unknown): number | undefined =>
  Option.getOrUndefined(Option.liftThrowable(decodeMillis)(value))

/** A member that throws when it is read is not valid. */
const readMember = (options: Given | undefined, name: keyof Given): unknown =>
  Option.getOrNull(Option.liftThrowable(() => options?.[name])())

const problem = (name: string, requirement: string): ConfigError.ConfigError =>
  ConfigError.InvalidData([name], `UserCache: ${name} must be ${requirement}`)

interface Given {
  readonly capacity?: unknown
  readonly timeToLive?: unknown
  readonly quarantine?: unknown
}

/** Fails with one error for all settings that are not valid. At run time they may be of any type. */
export const readSettings = (options: Given | undefined): Effect.Effect<Settings, ConfigError.ConfigError> => {
  const capacity = readMember(options, "capacity")
  const timeToLive = readMember(options, "timeToLive")
  const quarantine = readMember(options, "quarantine")
  const timeToLiveMillis = toMillis(timeToLive === undefined ? "30 seconds" : timeToLive)
  const quarantineMillis = toMillis(quarantine === undefined ? "30 seconds" : quarantine)
  const isCapacity = Number.isSafeInteger(capacity) && Number(capacity) >= 0
  if (isCapacity && timeToLiveMillis !== undefined && quarantineMillis !== undefined) {
    return Effect.succeed({ capacity: Number(capacity), timeToLiveMillis, quarantineMillis })
  }
  const problems = [
    ...(isCapacity ? [] : [problem("capacity", "a whole number, 0 or more")]),
    ...(timeToLiveMillis === undefined ? [problem("timeToLive", "a duration")] : []),
    ...(quarantineMillis === undefined ? [problem("quarantine", "a duration")] : [])
  ]
  return Effect.fail(problems.reduce(ConfigError.And))
}
