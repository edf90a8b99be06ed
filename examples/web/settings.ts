/** What differs between environments. */
import type { TinkSandbox } from "@effect-tink/sandbox"
import type { Refresh } from "@effect-tink/users"
import { Context, type Duration, type Option, type Redacted } from "effect"

/** What one client, and all together, can use up. */
export interface Limits {
  /** How many customers are created per hour from one address. */
  readonly registrationsPerAddress: number
  /** How many customers are created per hour. */
  readonly registrations: number
  /** How many streams of events a session has open. */
  readonly eventStreamsPerSession: number
  /** How many streams of events this process has open. */
  readonly eventStreams: number
}

export const defaultLimits: Limits = {
  registrationsPerAddress: 50,
  registrations: 1000,
  eventStreamsPerSession: 16,
  eventStreams: 2000
}

export class Settings extends Context.Tag("web/Settings")<
  Settings,
  {
    /** The origin of the page, as browsers see it: `http://localhost:3000`. */
    readonly origin: string
    /** The country whose banks Tink Link shows. */
    readonly market: string
    /** Whether Tink Link shows test banks. */
    readonly testBanks: boolean
    /** Where Tink Link is: that of Tink, or that of a sandbox. */
    readonly tinkLinkUrl: string
    /** The secret that signs Tink's webhooks. Without one, pages poll. */
    readonly webhookSecret: Option.Option<Redacted.Redacted>
    /** How many proxies of our own are in front. */
    readonly proxies: number
    readonly limits: Limits
    /** How long after the end of their last session customers are deleted, at Tink too. */
    readonly customerRetention: Duration.Duration
    /** The sandbox in this process that replaces Tink, if one does. */
    readonly sandbox: Option.Option<TinkSandbox.Service>
    /** How often a connection is polled while it changes. */
    readonly polling?: Refresh.PollingOptions["schedule"]
  }
>() {}
