/** What differs between environments. */
import type { TinkSandbox } from "@effect-tink/sandbox"
import type { Refresh } from "@effect-tink/users"
import { Context, type Option } from "effect"

export class Settings extends Context.Tag("web/Settings")<
  Settings,
  {
    /** The origin of the page, as browsers see it: `http://localhost:3000`. */
    readonly origin: string
    /** The country whose banks Tink Link shows. */
    readonly market: string
    /** Whether Tink Link shows test banks. */
    readonly testBanks: boolean
    /** The sandbox that replaces Tink and Tink Link, if one does. */
    readonly sandbox: Option.Option<TinkSandbox.Service>
    /** How often a connection is polled while it changes. */
    readonly polling?: Refresh.PollingOptions["schedule"]
  }
>() {}
