import createClient from "openapi-fetch"
import type { Client, Contestant } from "../contestant.js"
import { makeClient } from "../promises.js"
import { tokenOf, type WireCredential } from "../tink.js"

/** What `openapi-typescript` would generate. */
interface Paths {
  "/api/v1/credentials/list": {
    get: { responses: { 200: { content: { "application/json": { credentials: Array<WireCredential> } } } } }
  }
}

/** Documentation, "Basic usage": `createClient`, `GET`. */
export const openapiFetch: Contestant<Client> = {
  name: "openapi-fetch",
  packages: ["openapi-fetch"],
  make: ({ origin }) => {
    const client = createClient<Paths>({ baseUrl: origin.baseUrl })
    return makeClient(async (userId) => {
      const headers = { authorization: `Bearer ${tokenOf(userId)}` }
      const { data } = await client.GET("/api/v1/credentials/list", { headers })
      if (data === undefined) throw new Error("no list")
      return data.credentials
    })
  }
}
