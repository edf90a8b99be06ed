/**
 * @since 0.1.0
 */
export * as AuthorizationGrant from "./AuthorizationGrant.js"

/**
 * @since 0.1.0
 */
export * as AuthorizationOperations from "./AuthorizationOperations.js"

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
export * as CredentialOperations from "./CredentialOperations.js"

/**
 * @since 0.1.0
 */
export * as ReadOptions from "./ReadOptions.js"

/**
 * @since 0.1.0
 */
export * as UserOperations from "./UserOperations.js"

/**
 * @since 0.1.0
 */
export * as UserReference from "./UserReference.js"

/**
 * @since 0.1.0
 */
export * as Users from "./Users.js"

/**
 * @since 0.1.0
 */
export * as UserSession from "./UserSession.js"

/**
 * @since 0.1.0
 */
export * as FollowingOperations from "./FollowingOperations.js"

/**
 * @since 0.1.0
 */
export * as Polling from "./Polling.js"

/**
 * @since 0.1.0
 */
export * as RefreshOutcome from "./RefreshOutcome.js"
