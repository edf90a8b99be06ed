import { createHmac } from "node:crypto"

/** The value of `X-Tink-Signature`: tink-api.md 9.4. `t` is in seconds. */
export const sign = (secret: string, t: number, body: string): string =>
  `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`
