/** What the user does on a visit to Tink Link. */
export type Action = "connect" | "renew" | "extend" | "refresh" | "authenticate"

/** A page of Tink Link: tink-api.md 11.1. */
export interface Flow {
  readonly path: string
  readonly action: Action
  /** Whether it takes a delegated code. Without one it is one-time access. */
  readonly code: "required" | "optional" | "ignored"
}

const base = "/1.0"

const flow = (path: string, action: Action, code: Flow["code"] = "required"): Flow => ({
  path: `${base}/${path}`,
  action,
  code
})

export const flows: ReadonlyArray<Flow> = [
  ...["transactions", "business-transactions", "products"].flatMap((product) => [
    flow(`${product}/connect-accounts`, "connect", "optional"),
    flow(`${product}/update-consent`, "renew")
  ]),
  ...["transactions", "products", "credentials"].map((product) => flow(`${product}/extend-consent`, "extend")),
  flow("credentials/add", "connect"),
  flow("credentials/refresh", "refresh"),
  flow("credentials/authenticate", "authenticate"),
  flow("authorize", "connect", "ignored"),
  // These belong to another product: an official sample links to them. The sandbox has no report.
  flow("account-check/connect", "connect"),
  flow("account-check/update-consent", "renew")
]

/** Whether the success of a connection has the id of a report. */
export const hasReport = (path: string): boolean => path.startsWith(`${base}/account-check/connect`)

/** Whether a path is below that of Tink Link. */
export const isPage = (path: string): boolean => path.startsWith(`${base}/`)
