import { createHash, randomBytes } from "node:crypto"

/** An unguessable token. Not from Effect's `Random`, which is predictable. */
export const randomToken = (): string => randomBytes(32).toString("base64url")

/** What the database has of a token, so that a copy of the database opens no session. A token needs no salt. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("base64url")
