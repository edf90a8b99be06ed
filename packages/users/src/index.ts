/**
 * @since 0.1.0
 */
export * as Authorization from "./Authorization.js"

/**
 * @since 0.1.0
 */
export * as Credential from "./Credential.js"

/**
 * @since 0.1.0
 */
export * as Endpoint from "./Endpoint.js"

/**
 * @since 0.1.0
 */
export * as LinkSession from "./LinkSession.js"

/**
 * @since 0.1.0
 */
export * as Provider from "./Provider.js"

/**
 * @since 0.1.0
 */
export * as ProviderConsent from "./ProviderConsent.js"

/**
 * @since 0.1.0
 */
export * as Refresh from "./Refresh.js"

/**
 * @since 0.1.0
 */
export * as SupplementalInformation from "./SupplementalInformation.js"

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
export * as Users from "./Users.js"

/**
 * @since 0.1.0
 */
export * as UserSession from "./UserSession.js"
