import type { CredentialsStatus } from "../models.js"
import { field } from "./field.js"

interface CredentialRef {
  readonly id: string
}

/** The bank's own page. */
export const bankPath = "/bank/authorize"

// An app of the bank does not exist (`.example` is reserved), but its page does.
const thirdPartyApp = ({ id }: CredentialRef, origin: string) => {
  const url = `${origin}${bankPath}?state=${id}`
  return {
    android: { packageName: "com.example.bank", requiredMinimumVersion: "1.0", intent: url },
    ios: { appStoreUrl: "https://bank.example/app", scheme: "bankexample", deepLinkUrl: url },
    desktop: { url },
    downloadTitle: "Download the bank's app",
    downloadMessage: "You need the bank's app to go on.",
    upgradeTitle: "Upgrade the bank's app",
    upgradeMessage: "You need a newer version of the bank's app to go on."
  }
}

const oneTimePassword = [
  field({
    name: "otp",
    description: "One-time password",
    helpText: "Any six digits are correct, except 000000.",
    hint: "NNNNNN",
    pattern: "[0-9]{6}",
    patternError: "Enter six digits",
    minLength: 6,
    maxLength: 6,
    numeric: true,
    sensitive: true
  })
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
export const supplementalInformation = (
  status: CredentialsStatus,
  ref: CredentialRef,
  origin: string
): string | undefined => {
  switch (status) {
    case "AWAITING_THIRD_PARTY_APP_AUTHENTICATION":
      return JSON.stringify(thirdPartyApp(ref, origin))
    case "AWAITING_SUPPLEMENTAL_INFORMATION":
      return JSON.stringify(oneTimePassword)
    case "AWAITING_MOBILE_BANKID_AUTHENTICATION":
      return autostartToken(ref)
    default:
      return undefined
  }
}
