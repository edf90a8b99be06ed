import { isExtendable } from "./providers.js"
import type { Step } from "./timeline.js"

/** Whether a consent can be extended: one that there was, also after its end (tink-api.md 7.2). */
export const isEligible = (providerName: string, { sessionExpiryDate, status }: Step): boolean =>
  isExtendable(providerName) && sessionExpiryDate !== undefined && status !== "PERMANENT_ERROR"
