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
export * as ConsentOperations from "./ConsentOperations.js"

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
export * as FollowingOperations from "./FollowingOperations.js"

/**
 * @since 0.1.0
 */
export * as Polling from "./Polling.js"

/**
 * @since 0.1.0
 */
export * as ProviderConsent from "./ProviderConsent.js"

/**
 * @since 0.1.0
 */
export * as ReadOptions from "./ReadOptions.js"

/**
 * @since 0.1.0
 */
export * as RefreshableItem from "./RefreshableItem.js"

/**
 * @since 0.1.0
 */
export * as RefreshOutcome from "./RefreshOutcome.js"

/**
 * @since 0.1.0
 */
export * as TinkLink from "./TinkLink.js"

/**
 * @since 0.1.0
 */
export * as User from "./User.js"

/**
 * @since 0.1.0
 */
export * as UserOperations from "./UserOperations.js"

/**
 * @since 0.1.0
 */
export * as UserProfile from "./UserProfile.js"

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
