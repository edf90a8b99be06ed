import type { CredentialsStatus } from "../TinkSandbox.js"

interface Of {
  readonly id: string
  readonly providerName: string
}

// The links lead nowhere: `.example` is reserved for examples.
const thirdPartyApp = ({ id, providerName }: Of) => {
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

/** The code that the bank knows to be wrong, although it looks right. */
const wrongCode = "000000"

/** What the bank makes of an answer. One that does not even look right is asked for again. */
export const checkCode = (
  information: Readonly<Record<string, string>>
): "UPDATED" | "AUTHENTICATION_ERROR" | "ASK_AGAIN" => {
  const code = information["otp"] ?? ""
  if (!/^[0-9]{6}$/.test(code)) return "ASK_AGAIN"
  return code === wrongCode ? "AUTHENTICATION_ERROR" : "UPDATED"
}

// A UUID, with dashes: tink-api 6.3.
const autostartToken = ({ id }: Of) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")

/** What the customer is asked for: always a string, of which the shape depends on the status (tink-api 6.3). */
export const supplementalInformation = (status: CredentialsStatus, of: Of): string | undefined => {
  switch (status) {
    case "AWAITING_THIRD_PARTY_APP_AUTHENTICATION":
      return JSON.stringify(thirdPartyApp(of))
    case "AWAITING_SUPPLEMENTAL_INFORMATION":
      return JSON.stringify(oneTimePassword)
    case "AWAITING_MOBILE_BANKID_AUTHENTICATION":
      return autostartToken(of)
    default:
      return undefined
  }
}
