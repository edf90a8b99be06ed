/** The origin in its own process, over loopback. */
import { once } from "node:events"
import type { Origin } from "./contestant.js"
import { start } from "./processes.js"
import type { Counts } from "./tink.js"

export interface Loopback extends Origin {
  /** The requests to the origin since the last call. */
  readonly takeCounts: () => Promise<Counts>
  readonly close: () => void
}

const none: Counts = { lists: 0, changes: 0, clientTokens: 0, grants: 0, exchanges: 0 }

export const startOrigin = async (): Promise<Loopback> => {
  const child = start("origin")
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }]
  let taken = none
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    takeCounts: async () => {
      child.send("counts")
      const [{ counts }] = (await once(child, "message")) as [{ readonly counts: Counts }]
      const since = {
        lists: counts.lists - taken.lists,
        changes: counts.changes - taken.changes,
        clientTokens: counts.clientTokens - taken.clientTokens,
        grants: counts.grants - taken.grants,
        exchanges: counts.exchanges - taken.exchanges
      }
      taken = counts
      return since
    },
    close: () => child.disconnect()
  }
}
