import { Agent, request } from "undici"
import type { Client, Contestant } from "../contestant.js"
import { makeClient } from "../promises.js"
import { listPath, tokenOf, type WireList } from "../tink.js"

/** README, "Usage": `request` and `body.json()`, the fastest way of undici to read a body. */
export const undici: Contestant<Client> = {
  name: "undici",
  packages: ["undici"],
  make: ({ origin }) => {
    const dispatcher = new Agent()
    return makeClient(
      async (userId) => {
        const { body, statusCode } = await request(origin.baseUrl + listPath, {
          dispatcher,
          headers: { authorization: `Bearer ${tokenOf(userId)}` }
        })
        if (statusCode !== 200) throw new Error(`${listPath}: ${statusCode}`)
        return ((await body.json()) as WireList).credentials
      },
      () => dispatcher.close()
    )
  }
}
