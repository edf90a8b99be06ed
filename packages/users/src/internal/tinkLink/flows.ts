/** The flows of Tink Link (`tink-api.md` 11.1): the path of each, and the options of a link to it. */

/** The user chooses a bank. */
const bank = [
  "market",
  "locale",
  "inputProvider",
  "inputUsername",
  "financialInstitutionId",
  "financialServicesSegments",
  "refreshableItems",
  "sessionId"
] as const

/** Without a code it is one-time access. */
const connecting = ["authorizationCode", ...bank] as const

const owned = ["credentialsId", "authorizationCode"] as const

/** The flows by the function that makes the link. Options in `needs` are required, and those in `takes` optional. */
export const flows = {
  connectAccounts: { path: "transactions/connect-accounts", needs: [], takes: connecting },
  updateConsent: { path: "transactions/update-consent", needs: owned, takes: [] },
  extendConsent: { path: "transactions/extend-consent", needs: owned, takes: [] },
  connectBusinessAccounts: {
    path: "business-transactions/connect-accounts",
    needs: ["market", "locale"],
    takes: connecting
  },
  updateBusinessConsent: {
    path: "business-transactions/update-consent",
    needs: [...owned, "market", "locale"],
    takes: []
  },
  connectProducts: { path: "products/connect-accounts", needs: ["products"], takes: connecting },
  updateProductsConsent: { path: "products/update-consent", needs: [...owned, "products"], takes: [] },
  extendProductsConsent: { path: "products/extend-consent", needs: owned, takes: [] },
  addCredential: { path: "credentials/add", needs: ["authorizationCode"], takes: [...bank, "scopes"] },
  refreshCredential: { path: "credentials/refresh", needs: owned, takes: ["authenticate"] },
  authenticateCredential: { path: "credentials/authenticate", needs: owned, takes: [] },
  extendCredentialConsent: { path: "credentials/extend-consent", needs: owned, takes: [] },
  authorize: { path: "authorize", needs: [], takes: [...bank, "scopes"] }
} as const

export type Flows = typeof flows
