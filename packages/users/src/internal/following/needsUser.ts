import * as Schema from "effect/Schema"
import type { Status } from "../../Credential.js"
import { KnownWhy, type Why } from "../../Refresh.js"

const isKnownWhy = Schema.is(KnownWhy)

/** Whether the credential waits for the user. An unknown `AWAITING_…` does. */
export const needsUser = (status: Status): status is Why => isKnownWhy(status) || status.startsWith("AWAITING_")
