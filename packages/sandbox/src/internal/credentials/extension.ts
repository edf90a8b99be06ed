import { isExtendable } from "./providers.js"
import type { Step } from "./timeline.js"

/** Whether there was a consent that can be extended, also after its end (tink-api.md 7.2). */
export const isEligible = (providerName: string, { sessionExpiryDate, status }: Step): boolean =>
  isExtendable(providerName) && sessionExpiryDate !== undefined && status !== "PERMANENT_ERROR"
