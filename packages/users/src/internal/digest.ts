import { sha256 } from "@noble/hashes/sha2.js"
import { utf8ToBytes } from "@noble/hashes/utils.js"

const toHex = (byte: number): string => byte.toString(16).padStart(2, "0")

/**
 * The first 128 bits of SHA-256, in hex. Cache keys have it, so it is short, and joined: V8 keeps a string that is put together
 * with `+` as a chain of its parts, which takes many times its length. Not by Web Crypto, which is asynchronous: a cached
 * read takes no turn of the event loop.
 */
export const digest = (text: string): string => Array.from(sha256(utf8ToBytes(text)).subarray(0, 16), toHex).join("")
