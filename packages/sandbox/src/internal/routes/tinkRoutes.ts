import type { Route } from "../http/router.js"
import type { Settings } from "../settings.js"
import type { State } from "../state/state.js"
import * as accounts from "./accounts.js"
import * as authentication from "./authentication.js"
import * as bank from "./bank.js"
import * as consents from "./consents.js"
import * as credentialChanges from "./credentialChanges.js"
import * as credentials from "./credentials.js"
import * as linkSessions from "./linkSessions.js"
import * as oauth from "./oauth.js"
import * as profile from "./profile.js"
import * as providers from "./providers.js"
import * as refreshes from "./refreshes.js"
import * as tinkLink from "./tinkLink.js"
import * as users from "./users.js"
import * as webhookEndpoints from "./webhookEndpoints.js"

const groups: ReadonlyArray<(state: State, settings: Settings) => ReadonlyArray<Route>> = [
  oauth.routes,
  users.routes,
  profile.routes,
  credentials.routes,
  credentialChanges.routes,
  refreshes.routes,
  authentication.routes,
  consents.routes,
  accounts.routes,
  providers.routes,
  linkSessions.routes,
  tinkLink.routes,
  bank.routes,
  webhookEndpoints.routes
]

/** All that Tink answers. A group of routes is one file and one line here. */
export const tinkRoutes = (state: State, settings: Settings): ReadonlyArray<Route> =>
  groups.flatMap((routes) => routes(state, settings))
