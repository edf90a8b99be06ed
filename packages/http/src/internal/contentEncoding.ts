/**
 * Decompression. Requests ask for `identity`; a server or a proxy may compress all the same. fetch decodes by itself and keeps
 * the header, undici and node:http do not decode.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"

type Decompress = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
  callback: (error: (Error & { readonly code?: string }) | null, result: Uint8Array) => void
) => void

/** The decompressed body is larger than allowed. */
export class TooLarge {
  readonly _tag = "TooLarge"
}

/** The part of `node:zlib` that is used. */
interface Zlib {
  readonly gunzip: Decompress
  readonly inflate: Decompress
  readonly inflateRaw: Decompress
  readonly brotliDecompress: Decompress
}

interface Process {
  readonly process?: { readonly getBuiltinModule?: (id: "node:zlib") => Zlib | undefined }
}

// Not imported, as bundlers for workers and browsers refuse `node:` modules. Runtimes without zlib have only fetch, which
// decodes by itself.
const findZlib = (): Zlib | undefined => {
  // The cast adds a global that not every runtime has, with the types of Node.
  const { process } = globalThis as Process
  return process?.getBuiltinModule?.("node:zlib")
}

/** `deflate` is zlib's format by the standard, and the raw one by habit. */
const isZlibFormat = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0

const find = (zlib: Zlib, encoding: string, bytes: Uint8Array): Decompress | undefined => {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return zlib.gunzip
    case "deflate":
      return isZlibFormat(bytes) ? zlib.inflate : zlib.inflateRaw
    case "br":
      return zlib.brotliDecompress
    default:
      return undefined
  }
}

/** Undefined if the bytes are not compressed so. */
const run = (decompress: Decompress, bytes: Uint8Array, maxBytes: number) =>
  Effect.async<Uint8Array | undefined, TooLarge>((resume) => {
    decompress(bytes, { maxOutputLength: maxBytes }, (error, result) => {
      if (error === null) resume(Effect.succeed(result))
      else resume(error.code === "ERR_BUFFER_TOO_LARGE" ? Effect.fail(new TooLarge()) : Effect.succeed(undefined))
    })
  })

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Whether the client has decoded the bytes already: JSON is UTF-8, and begins with one of few characters. */
const isJsonText = (bytes: Uint8Array): boolean =>
  // The byte order mark, white space, and the first characters of JSON values.
  [0xef, 0x20, 0x09, 0x0a, 0x0d, 0x22, 0x5b, 0x7b, 0x74, 0x66, 0x6e].includes(bytes[0] ?? 0x20) && isUtf8(bytes)

/** A response with more nested encodings is meant to exhaust the memory. */
const maxEncodings = 3

/** Decodes a body by its `Content-Encoding`. Bytes that are not encoded so are returned as they are. */
export const decode = (bytes: Uint8Array, header: string, maxBytes: number): Effect.Effect<Uint8Array, TooLarge> =>
  Effect.gen(function* () {
    const encodings = Arr.reverse(header.toLowerCase().split(",", maxEncodings))
    let decoded = bytes
    for (const encoding of encodings) {
      if (isJsonText(decoded)) return decoded
      const zlib = findZlib()
      const decompress = zlib && find(zlib, encoding.trim(), decoded)
      decoded = (decompress && (yield* run(decompress, decoded, maxBytes))) ?? decoded
    }
    return decoded
  })
