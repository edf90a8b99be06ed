/**
 * Rules of settings, for this package and those that build on it. At run time a setting may be of any type.
 *
 * @since 0.1.0
 */
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * Reads a setting. One that throws when it is read, as a getter may, is `null`, which is no valid setting.
 *
 * @since 0.1.0
 * @category conversions
 */
export const read = (options: unknown, name: string): unknown => {
  if (options === undefined) return undefined
  return Option.getOrNull(Option.liftThrowable(() => Object(options)[name] as unknown)())
}

/**
 * Whether a value is a capacity: a whole number of at least 0.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCapacity = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/**
 * The requirement of `isCapacity`.
 *
 * @since 0.1.0
 * @category requirements
 */
export const capacityRequirement = "a whole number of at least 0"

const isNegativeNumber = (part: unknown): boolean => typeof part === "number" && !(part >= 0)

const isNegative = (part: unknown): boolean =>
  typeof part === "string" ? part.startsWith("-") : typeof part === "bigint" ? part < 0n : isNegativeNumber(part)

const decodeMillis = (value: unknown): Option.Option<number> => {
  const parts: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
  return parts.some(isNegative) ? Option.none() : Option.map(Duration.decodeUnknown(value), Duration.toMillis)
}

/**
 * The milliseconds of a duration. Unlike `Duration.decodeUnknown`, which takes them for zero, it refuses `NaN` and negative
 * durations.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toMillis = (value: unknown): Option.Option<number> =>
  Option.flatten(Option.liftThrowable(decodeMillis)(value))

/**
 * The one error of all settings that are not valid, from the errors of `Effect.all` with the mode `validate`.
 *
 * @since 0.1.0
 * @category errors
 */
export const joinErrors = (
  errors: Readonly<Record<string, Option.Option<ConfigError.ConfigError>>>
): ConfigError.ConfigError => Object.values(errors).flatMap(Option.toArray).reduce(ConfigError.And)
