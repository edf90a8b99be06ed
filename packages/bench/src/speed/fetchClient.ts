import type { Answer, Origin } from "./contestant.js"
import { credentialIdOf, listPath, tokenOf, type WireList } from "./tink.js"

/** The client that one writes by hand, behind the caches whose operations are promises. */
export const fetchClient = ({ baseUrl, fetch = globalThis.fetch }: Origin) => {
  const send = async (method: string, path: string, userId: string) => {
    const response = await fetch(baseUrl + path, { method, headers: { authorization: `Bearer ${tokenOf(userId)}` } })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return response
  }
  return {
    list: async (userId: string): Promise<Answer> => {
      const response = await send("GET", listPath, userId)
      const { credentials }: WireList = await response.json()
      return credentials
    },
    refresh: (userId: string) => send("POST", `/api/v1/credentials/${credentialIdOf(userId)}/refresh`, userId)
  }
}

export type FetchClient = ReturnType<typeof fetchClient>
