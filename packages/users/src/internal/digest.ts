import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"

/** SHA-256 in hex. Not by Web Crypto, which is asynchronous: a cached read takes no turn of the event loop. */
export const digest = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)))
