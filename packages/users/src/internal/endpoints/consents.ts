/** The endpoints of consents (`tink-api.md` 7). Each export is an operation of `Users`, and its comment the operation's. */
import * as Schema from "effect/Schema"
import * as Endpoint from "../../Endpoint.js"
import { ListConsentsOptions, ProviderConsent } from "../../ProviderConsent.js"
import * as Input from "../schemas/input.js"
import { listAnswer } from "../schemas/schema.js"

const subject = ({ credentialsId }: ProviderConsent): Endpoint.Subject => ({ credentialsId })

/**
 * Lists the consents of a user, or only those for one credential.
 *
 * Only for applications with continuous access. Cached as `listCredentials` is. Fails with `Invalid` when Tink answers with
 * consents for another credential. Consents do not say whose they are, so that a session with another user's token is not
 * noticed.
 */
export const listProviderConsents = Endpoint.read({
  name: "listProviderConsents",
  scope: "provider-consents:read",
  route: "/api/v1/provider-consents",
  input: Schema.UndefinedOr(ListConsentsOptions),
  response: Schema.parseJson(listAnswer("providerConsents", ProviderConsent)),
  subject: (consents) => consents.map(subject),
  cache: { connections: (consents) => consents },
  source: "tink-api.md 7.1"
})

const ExtendedCredential = Schema.transform(
  Schema.Struct({ credentialsId: Schema.String }),
  Schema.typeSchema(Input.CredentialsId),
  {
    // This is encoded only, never decoded.
    strict: false,
    decode: ({ credentialsId }) => credentialsId,
    encode: (credentialsId) => ({ credentialsId })
  }
)

/** All members of a consent are optional, so any object would decode. An extended consent has at least one of these two. */
const ExtendedConsentJson = Schema.parseJson(
  ProviderConsent.pipe(
    Schema.filter(
      ({ credentialsId, sessionExpiryDate }) => credentialsId !== undefined || sessionExpiryDate !== undefined
    )
  )
)

/**
 * Extends a consent that the user confirmed to the application, without a visit to their bank (beta).
 *
 * Only for consents that are `sessionExtendable`, as in the United Kingdom. The user renews any other in Tink Link: see
 * `TinkLink.updateConsent`. Fails with `Invalid` when the consent cannot be extended, and with `NotFound` without one.
 * It is not resent when it may have been processed.
 */
export const extendProviderConsent = Endpoint.change({
  name: "extendProviderConsent",
  scope: "provider-consents:write",
  method: "POST",
  route: "/api/v1/provider-consents:extend",
  input: ExtendedCredential,
  response: ExtendedConsentJson,
  subject: (consent) => [subject(consent)],
  source: "tink-api.md 7.2"
})
