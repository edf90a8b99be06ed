/**
 * The signature of a delivery (`tink-api.md` 9.4), with Web Crypto and without Effect, so that it stays small where only this is
 * needed.
 */

const utf8 = new TextEncoder()

const toHex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("")

const fromHex = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16))

/** What is signed: `t`, a point, and the body as it was sent. */
export const toPayload = (t: string, body: Uint8Array): Uint8Array<ArrayBuffer> => {
  const prefix = utf8.encode(`${t}.`)
  const payload = new Uint8Array(prefix.length + body.length)
  payload.set(prefix)
  payload.set(body, prefix.length)
  return payload
}

export const importKey = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", utf8.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"])

/** In lower-case hex, as Tink writes it. */
export const sign = async (key: CryptoKey, payload: Uint8Array<ArrayBuffer>): Promise<string> =>
  toHex(await crypto.subtle.sign("HMAC", key, payload))

/** Whether any key made any of the signatures. All are tried, and each in constant time. */
export const matchesAny = async (
  keys: ReadonlyArray<CryptoKey>,
  signatures: ReadonlyArray<string>,
  payload: Uint8Array<ArrayBuffer>
): Promise<boolean> => {
  const tried = keys.flatMap((key) =>
    signatures.map((signature) => crypto.subtle.verify("HMAC", key, fromHex(signature), payload))
  )
  return (await Promise.all(tried)).includes(true)
}

export const digest = async (payload: Uint8Array<ArrayBuffer>): Promise<string> =>
  toHex(await crypto.subtle.digest("SHA-256", payload))
