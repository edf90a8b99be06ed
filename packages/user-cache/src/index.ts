/**
 * @since 0.1.0
 */
export * as SettingRules from "./SettingRules.js"

/**
 * @since 0.1.0
 */
export * as UserCache from "./UserCache.js"
