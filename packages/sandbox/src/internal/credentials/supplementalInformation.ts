import type { CredentialsStatus } from "../models.js"

interface CredentialRef {
  readonly id: string
  readonly providerName: string
}

// `.example` is reserved, so the links lead nowhere.
const thirdPartyApp = ({ id, providerName }: CredentialRef) => {
  const url = `https://bank.example/${providerName}/authorize?state=${id}`
  return {
    android: { packageName: "com.example.bank", requiredMinimumVersion: 0, intent: url },
    ios: { appStoreUrl: "https://bank.example/app", scheme: "bankexample", deepLinkUrl: url },
    desktop: { url },
    downloadTitle: "Download the bank's app",
    downloadMessage: "You need the bank's app to go on.",
    upgradeTitle: "Upgrade the bank's app",
    upgradeMessage: "You need a newer version of the bank's app to go on."
  }
}

const oneTimePassword = [
  {
    name: "otp",
    description: "One-time password",
    helpText: "The bank has sent it to you.",
    pattern: "[0-9]{6}",
    minLength: 6,
    maxLength: 6,
    numeric: true,
    masked: false,
    sensitive: true,
    immutable: false,
    optional: false,
    checkbox: false
  }
]

/** A well-formed code that the bank rejects. */
const wrongCode = "000000"

/** The bank's check of a one-time code. A malformed one is asked for again. */
export const checkCode = (
  information: Readonly<Record<string, string>>
): "UPDATED" | "AUTHENTICATION_ERROR" | "ASK_AGAIN" => {
  const code = information["otp"] ?? ""
  if (!/^[0-9]{6}$/.test(code)) return "ASK_AGAIN"
  return code === wrongCode ? "AUTHENTICATION_ERROR" : "UPDATED"
}

// A UUID, with dashes: tink-api.md 6.3.
const autostartToken = ({ id }: CredentialRef) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")

/** What the user is asked for: a string, whose format depends on the status (tink-api.md 6.3). */
export const supplementalInformation = (status: CredentialsStatus, ref: CredentialRef): string | undefined => {
  switch (status) {
    case "AWAITING_THIRD_PARTY_APP_AUTHENTICATION":
      return JSON.stringify(thirdPartyApp(ref))
    case "AWAITING_SUPPLEMENTAL_INFORMATION":
      return JSON.stringify(oneTimePassword)
    case "AWAITING_MOBILE_BANKID_AUTHENTICATION":
      return autostartToken(ref)
    default:
      return undefined
  }
}
