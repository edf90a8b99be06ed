import { randomBytes } from "node:crypto"

/** Something that nobody can guess. Not of Effect's `Random`, which can be foreseen. */
export const randomToken = (): string => randomBytes(32).toString("base64url")
