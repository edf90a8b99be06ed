/** Where an app wants its events: tink-api.md 9.1. Times are epoch milliseconds. */
export interface WebhookEndpoint {
  readonly id: string
  readonly url: string
  readonly enabledEvents: ReadonlyArray<string>
  readonly description: string | undefined
  readonly disabled: boolean
  readonly secret: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** Without the secret, which only the answer to a creation has. */
export const present = ({ createdAt, description, disabled, enabledEvents, id, updatedAt, url }: WebhookEndpoint) => ({
  id,
  url,
  enabledEvents,
  description,
  disabled,
  createdAt: new Date(createdAt).toISOString(),
  updatedAt: new Date(updatedAt).toISOString()
})

/** Whether another endpoint has the same URL and one of the same events. */
export const isTaken = (endpoints: Iterable<WebhookEndpoint>, { enabledEvents, id, url }: WebhookEndpoint): boolean =>
  Array.from(endpoints).some(
    (other) =>
      other.id !== id && other.url === url && other.enabledEvents.some((event) => enabledEvents.includes(event))
  )

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname)

/** https only; http for a receiver on this machine. */
export const isEndpointUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { hostname, protocol } = new URL(text)
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname))
}
