import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as SettingRules from "../SettingRules.js"

/** The settings of a cache, as its engine needs them. */
export interface Settings {
  readonly capacity: number
  readonly timeToLiveMillis: number
  readonly quarantineMillis: number
}

const problem = (name: string, requirement: string): ConfigError.ConfigError =>
  ConfigError.InvalidData([name], `UserCache: ${name} must be ${requirement}`)

const readMillis = (options: unknown, name: string): Effect.Effect<number, ConfigError.ConfigError> => {
  const value = SettingRules.read(options, name)
  return Option.match(SettingRules.toMillis(value === undefined ? "30 seconds" : value), {
    onNone: () => Effect.fail(problem(name, "a duration")),
    onSome: Effect.succeed
  })
}

const readCapacity = (options: unknown): Effect.Effect<number, ConfigError.ConfigError> => {
  const capacity = SettingRules.read(options, "capacity")
  return SettingRules.isCapacity(capacity)
    ? Effect.succeed(capacity)
    : Effect.fail(problem("capacity", SettingRules.capacityRequirement))
}

/** Fails with one error for all settings that are not valid. */
export const readSettings = (options: unknown): Effect.Effect<Settings, ConfigError.ConfigError> =>
  Effect.all(
    {
      capacity: readCapacity(options),
      timeToLiveMillis: readMillis(options, "timeToLive"),
      quarantineMillis: readMillis(options, "quarantine")
    },
    { mode: "validate" }
  ).pipe(Effect.mapError(SettingRules.joinErrors))
