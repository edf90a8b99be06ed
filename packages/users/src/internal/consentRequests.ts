/** The requests about consents, each as `tink-api.md` documents it. */
import type { CredentialsId } from "@effect-tink/http/Ids"
import type { TinkRequest } from "@effect-tink/http/TinkRequest"
import type { TokenSource } from "@effect-tink/http/TokenSource"
import * as Schema from "effect/Schema"
import { ProviderConsent } from "../ProviderConsent.js"
import { frozenList } from "./schema.js"

const ConsentList = Schema.Struct({ providerConsents: Schema.Array(ProviderConsent) }).pipe(
  Schema.transform(frozenList<ProviderConsent>(), {
    strict: true,
    decode: ({ providerConsents }) => Object.freeze(providerConsents),
    encode: (providerConsents) => ({ providerConsents })
  })
)

const ConsentListJson = Schema.parseJson(ConsentList)
const ProviderConsentJson = Schema.parseJson(ProviderConsent)

/** Section 7.1. */
export const listProviderConsents = (
  tokens: TokenSource,
  credentialsId: CredentialsId | undefined
): TinkRequest<ReadonlyArray<ProviderConsent>> => ({
  operation: "listProviderConsents",
  method: "GET",
  route: "/api/v1/provider-consents",
  query: { credentialsId },
  authorization: { _tag: "User", tokens, scope: "provider-consents:read" },
  response: ConsentListJson
})

/** Section 7.2. */
export const extendProviderConsent = (
  tokens: TokenSource,
  credentialsId: CredentialsId
): TinkRequest<ProviderConsent> => ({
  operation: "extendProviderConsent",
  method: "POST",
  route: "/api/v1/provider-consents:extend",
  authorization: { _tag: "User", tokens, scope: "provider-consents:write" },
  body: { _tag: "Json", value: { credentialsId } },
  response: ProviderConsentJson
})
