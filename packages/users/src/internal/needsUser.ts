import * as Schema from "effect/Schema"
import type { Status } from "../Credential.js"
import { KnownWhy, type Why } from "../RefreshOutcome.js"

const isKnownWhy = Schema.is(KnownWhy)

/** Whether nothing goes on without the user, also for something that Tink comes to wait for. */
export const needsUser = (status: Status): status is Why => isKnownWhy(status) || status.startsWith("AWAITING_")
