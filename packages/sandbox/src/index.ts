/**
 * @since 0.1.0
 */
export * as TinkSandbox from "./TinkSandbox.js"
