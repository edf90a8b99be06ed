import { randomBytes } from "node:crypto"

/** An unguessable token. Not from Effect's `Random`, which is predictable. */
export const randomToken = (): string => randomBytes(32).toString("base64url")
