import * as Schema from "effect/Schema"
import type { WebhookFault } from "../models.js"

const times = Schema.optionalWith(Schema.Int.pipe(Schema.positive()), { exact: true })

/** A fault as JSON: the body of `POST /sandbox/webhooks/faults`, and the check of `injectWebhookFault`. */
export const WebhookFaultSchema: Schema.Schema<WebhookFault> = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("duplicate", "reorder", "drop", "wrong-secret", "old-timestamp"), times }),
  // The longest wait of setTimeout, and so of a Clock.
  Schema.Struct({
    kind: Schema.Literal("delay"),
    milliseconds: Schema.Number.pipe(Schema.between(0, 2 ** 31 - 1)),
    times
  })
).annotations({ identifier: "WebhookFault" })

export interface WebhookFaults {
  readonly add: (fault: WebhookFault) => void
  /** Takes the oldest fault, and counts it down. */
  readonly take: () => WebhookFault | undefined
  readonly clear: () => void
}

export const make = (): WebhookFaults => {
  let pending: ReadonlyArray<WebhookFault> = []
  return {
    add: (fault) => {
      pending = [...pending, fault]
    },
    take: () => {
      const [fault, ...rest] = pending
      if (fault === undefined) return undefined
      const left = (fault.times ?? 1) - 1
      pending = left > 0 ? [{ ...fault, times: left }, ...rest] : rest
      return fault
    },
    clear: () => {
      pending = []
    }
  }
}
