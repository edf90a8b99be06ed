/**
 * @since 0.1.0
 */
export * as AuthorizationGrant from "./AuthorizationGrant.js"

/**
 * @since 0.1.0
 */
export * as CreatedUser from "./CreatedUser.js"

/**
 * @since 0.1.0
 */
export * as Credential from "./Credential.js"

/**
 * @since 0.1.0
 */
export * as Users from "./Users.js"

/**
 * @since 0.1.0
 */
export * as UserSession from "./UserSession.js"
