/**
 * @since 0.1.0
 */
export * as WebhookEndpoints from "./WebhookEndpoints.js"

/**
 * @since 0.1.0
 */
export * as WebhookEvent from "./WebhookEvent.js"

/**
 * @since 0.1.0
 */
export * as Webhooks from "./Webhooks.js"

/**
 * @since 0.1.0
 */
export * as WebhookSignature from "./WebhookSignature.js"
