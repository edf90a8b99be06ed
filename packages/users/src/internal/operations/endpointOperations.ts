import type { UserScope } from "@effect-tink/http/OAuthScope"
import * as Record from "effect/Record"
import type { ClientEndpoint, Operations, SessionEndpoint } from "../../Endpoint.js"
import type { UserSession } from "../../UserSession.js"
import type { Access } from "../requests/access.js"

type AnyEndpoint = SessionEndpoint<UserScope, never, unknown> | ClientEndpoint<never, unknown>

type Arguments = ReadonlyArray<unknown>

/** The operations that endpoints describe, under the same names. */
export const make = <Endpoints extends Readonly<Record<string, Pick<AnyEndpoint, "_tag">>>>(
  access: Access,
  endpoints: Endpoints
): Operations<Endpoints> => {
  const toOperation = (endpoint: AnyEndpoint) =>
    endpoint._tag === "Client"
      ? (...args: Arguments) => access.requestAsClient(endpoint, args)
      : (session: UserSession<never>, ...args: Arguments) => access.request(session, endpoint, args)
  // The type of an endpoint says what its operation takes and returns. Here both are only passed through.
  return Record.map(endpoints as Readonly<Record<string, never>>, toOperation) as Operations<Endpoints>
}
