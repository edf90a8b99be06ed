/**
 * @since 0.1.0
 */
export * as FakeInvalidationStore from "./FakeInvalidationStore.js"

/**
 * @since 0.1.0
 */
export * as InvalidationStore from "./InvalidationStore.js"

/**
 * @since 0.1.0
 */
export * as RedisInvalidationStore from "./RedisInvalidationStore.js"

/**
 * @since 0.1.0
 */
export * as SharedUserCache from "./SharedUserCache.js"
