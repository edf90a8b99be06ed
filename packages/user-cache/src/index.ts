/**
 * @since 0.1.0
 */
export * as UserCache from "./UserCache.js"
