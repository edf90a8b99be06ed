import type { Client, Contestant } from "../contestant.js"
import { fetchClient } from "../fetchClient.js"
import { makeClient } from "../promises.js"

/** Node's own `fetch`. */
export const fetchContestant: Contestant<Client> = {
  name: "fetch",
  packages: ["node"],
  make: ({ origin }) => makeClient(fetchClient(origin).list)
}
