/** The endpoints whose operations `Users` has. */
import * as authorization from "./authorization.js"
import * as consents from "./consents.js"
import * as credentials from "./credentials.js"
import * as linkSessions from "./linkSessions.js"
import * as providers from "./providers.js"
import * as users from "./users.js"

// Adding one: its record in a file of its group, and a test. `npm run format` writes its row in the README.
export const endpoints = { ...users, ...authorization, ...credentials, ...consents, ...providers, ...linkSessions }
