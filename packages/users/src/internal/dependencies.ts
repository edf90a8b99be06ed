import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import type { Access } from "./requests/access.js"
import type { Changes } from "./following/changes.js"
import type { Gate } from "./following/gate.js"
import type { UserTokens } from "./tokens/userTokens.js"

/** What the operations of several requests need. */
export interface Dependencies {
  readonly http: TinkHttp.Service
  readonly access: Access
  readonly changes: Changes
  /** Followers pass it before they start. */
  readonly gate: Gate
  readonly userTokens: UserTokens
  /** Identifies this `Users`. */
  readonly usersId: string
}
