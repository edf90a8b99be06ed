/** Tink's hosts (`tink-api.md` 1). */
export const defaultBaseUrl = "https://api.tink.com"
export const mutualTlsBaseUrl = "https://mtls.api.tink.com"

export const isTinksBaseUrl = (url: string): boolean => url === defaultBaseUrl || url === mutualTlsBaseUrl
