/**
 * @since 0.1.0
 */
export * as AccessToken from "./AccessToken.js"

/**
 * @since 0.1.0
 */
export * as ByteCollector from "./ByteCollector.js"

/**
 * @since 0.1.0
 */
export * as Ids from "./Ids.js"

/**
 * @since 0.1.0
 */
export * as InputRules from "./InputRules.js"

/**
 * @since 0.1.0
 */
export * as OAuthScope from "./OAuthScope.js"

/**
 * @since 0.1.0
 */
export * as TinkConfig from "./TinkConfig.js"

/**
 * @since 0.1.0
 */
export * as TinkError from "./TinkError.js"

/**
 * @since 0.1.0
 */
export * as TinkHttp from "./TinkHttp.js"

/**
 * @since 0.1.0
 */
export * as TinkRequest from "./TinkRequest.js"

/**
 * @since 0.1.0
 */
export * as TokenSource from "./TokenSource.js"

/**
 * @since 0.1.0
 */
export * as UnreadableMembers from "./UnreadableMembers.js"
