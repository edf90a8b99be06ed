/**
 * How a read uses the cache.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface ReadOptions {
  /** Asks Tink, whatever is cached, and leaves the cache as it is. */
  readonly bypassCache?: boolean | undefined
}
