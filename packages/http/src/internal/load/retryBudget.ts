import type { TinkError } from "../../TinkError.js"
import * as Metrics from "../metrics.js"

/** Bounds the retries that all calls together make without a success. */
export interface RetryBudget {
  /** Takes a retry, if there is one left. */
  readonly take: (error: TinkError) => boolean
  readonly refund: () => void
}

/** One retry for five successes, as in the AWS SDKs. */
const successRefund = 0.2

export const makeRetryBudget = (size: number): RetryBudget => {
  let left = size
  return {
    take: (error) => {
      // Tink has said when: it expects the request again.
      if (error.reason === "RateLimited" && error.retryAfter !== undefined) return true
      if (left < 1) {
        Metrics.countSuppressedRetry()
        return false
      }
      left -= 1
      return true
    },
    refund: () => {
      left = Math.min(size, left + successRefund)
    }
  }
}
