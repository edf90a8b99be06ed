import { TinkError } from "@effect-tink/http/TinkError"

/** The same error, with other answers to whether it may be retried and whether the change may have been applied. */
export const withFlags = (
  error: TinkError,
  flags: { readonly isRetryable?: boolean; readonly isAmbiguous?: boolean }
): TinkError => new TinkError({ ...error, ...flags })

/** A scope is missing, which is known without asking Tink. */
export const forbidden = (operation: string, detail: string): TinkError =>
  new TinkError({ reason: "Forbidden", operation, detail, isRetryable: false, isAmbiguous: false })
