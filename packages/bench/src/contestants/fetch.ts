import type { Client, Contestant } from "../contestant.js"
import { fetchClient } from "../fetchClient.js"
import { clientOf } from "../promises.js"

/** Node's own `fetch`. */
export const fetchContestant: Contestant<Client> = {
  name: "fetch",
  packages: ["node"],
  make: ({ origin }) => clientOf(fetchClient(origin).list)
}
