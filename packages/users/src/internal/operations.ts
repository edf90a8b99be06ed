import type * as TinkHttp from "@effect-tink/http/TinkHttp"
import type { Access } from "./access.js"
import type { LatestChanges } from "./latestChanges.js"
import type { UserTokens } from "./userTokens.js"

/** What the operations are made of. */
export interface Parts {
  readonly http: TinkHttp.Service
  readonly access: Access
  readonly userTokens: UserTokens
  readonly latestChanges: LatestChanges
  /** Stands for this `Users`. */
  readonly users: number
}
