/** The endpoints whose operations `Users` has. */
import * as authorization from "./authorization.js"
import * as consents from "./consents.js"
import * as credentials from "./credentials.js"
import * as providers from "./providers.js"
import * as users from "./users.js"

export const endpoints = { ...users, ...authorization, ...credentials, ...consents, ...providers }
