/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * What can be fetched from a bank (`tink-api.md` 6.4), without what is deprecated.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RefreshableItem = Schema.Literal(
  "CHECKING_ACCOUNTS",
  "CHECKING_TRANSACTIONS",
  "SAVING_ACCOUNTS",
  "SAVING_TRANSACTIONS",
  "CREDITCARD_ACCOUNTS",
  "CREDITCARD_TRANSACTIONS",
  "LOAN_ACCOUNTS",
  "LOAN_TRANSACTIONS",
  "INVESTMENT_ACCOUNTS",
  "INVESTMENT_TRANSACTIONS",
  "TRANSFER_DESTINATIONS",
  "IDENTITY_DATA"
)

/**
 * @since 0.1.0
 * @category models
 */
export type RefreshableItem = typeof RefreshableItem.Type
