/** How this application differs from one place to the next. */
import type { TinkSandbox } from "@effect-tink/sandbox"
import type { Refresh } from "@effect-tink/users"
import { Context, type Option } from "effect"

export class Settings extends Context.Tag("web/Settings")<
  Settings,
  {
    /** Where the page is, as the browser sees it: `http://localhost:3000`. */
    readonly origin: string
    /** The country whose banks Tink Link shows. */
    readonly market: string
    /** Whether Tink Link shows test banks. */
    readonly testBanks: boolean
    /** What stands in for Tink, with Tink Link and all. */
    readonly sandbox: Option.Option<TinkSandbox.Service>
    /** How often a connection is looked at while something happens to it. */
    readonly polling?: Refresh.PollingOptions["schedule"]
  }
>() {}
