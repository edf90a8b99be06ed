import type { Provider } from "./providers.js"

const option = (name: string, displayText: string, isDefault: boolean, channel: string) => ({
  name,
  displayText,
  helpText: "",
  default: isDefault,
  fields: [],
  supportedChannels: [channel]
})

// One name is that of tink-api.md 6.6, the other follows it.
const bankIdDevices = {
  name: "SE_MOBILE_BANKID_DEVICE_CHOICE",
  displayText: "Where is your BankID?",
  helpText: "",
  authenticationOptions: [
    option("SE_MOBILE_BANKID_SAME_DEVICE", "On this device", true, "SUPPORTED_CHANNEL_MOBILE"),
    option("SE_MOBILE_BANKID_OTHER_DEVICE", "On another device", false, "SUPPORTED_CHANNEL_DESKTOP")
  ]
}

/** The groups of options that the user can choose from, if the bank has any: tink-api.md 6.7. */
export const authenticationOptionsGroups = ({ type }: Provider) => (type === "MOBILE_BANKID" ? [bankIdDevices] : [])
