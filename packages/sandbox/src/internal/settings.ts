import * as Duration from "effect/Duration"
import type { Options } from "../TinkSandbox.js"

/** The options with their defaults filled in; every duration is in milliseconds. */
export interface Settings {
  readonly clientId: string
  readonly clientSecret: string
  readonly clientTokenLifetime: number
  readonly userTokenLifetime: number
  readonly codeLifetime: number
  readonly acceptingTime: number
  readonly authenticatingTime: number
  readonly updatingTime: number
  readonly sessionLifetime: number
  readonly rateLimitedRefresh: "429" | "204"
}

export const make = (options: Options): Settings => ({
  clientId: options.clientId ?? "sandbox-client",
  clientSecret: options.clientSecret ?? "sandbox-secret",
  // tink-api 1.3: 30 minutes for client tokens; for user tokens 12.4 prefers 2 hours.
  clientTokenLifetime: Duration.toMillis(options.clientTokenLifetime ?? "30 minutes"),
  userTokenLifetime: Duration.toMillis(options.userTokenLifetime ?? "2 hours"),
  // tink-api 2 calls codes short-lived and 14.3 finds no number: ten minutes is the most that RFC 6749, 4.1.2 advises.
  codeLifetime: Duration.toMillis(options.codeLifetime ?? "10 minutes"),
  // tink-api 6.4: reads may still show the old state after the 204.
  acceptingTime: Duration.toMillis(options.acceptingTime ?? 0),
  authenticatingTime: Duration.toMillis(options.authenticatingTime ?? "1 second"),
  updatingTime: Duration.toMillis(options.updatingTime ?? "2 seconds"),
  // tink-api 10.2: "typically 90 days".
  sessionLifetime: Duration.toMillis(options.sessionLifetime ?? "90 days"),
  // tink-api 12.1: the guides disagree, so the emulator offers both.
  rateLimitedRefresh: options.rateLimitedRefresh ?? "429"
})
