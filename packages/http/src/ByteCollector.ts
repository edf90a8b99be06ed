/**
 * Bodies as bytes, bounded by what is kept in memory.
 *
 * @since 0.1.0
 */

/** Most bodies are read in one step, and need no room here. */
const minSize = 1024

/**
 * Collects bytes up to a bound. They are copied, since a chunk of one byte may be a view of a buffer of 64 kB, and views would keep
 * all of those buffers.
 *
 * @since 0.1.0
 * @category models
 */
export class ByteCollector {
  private buffer = new Uint8Array(0)
  private size = 0

  readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Adds a chunk if it is within the bound, and returns whether it is. */
  add(chunk: Uint8Array): boolean {
    const size = this.size + chunk.byteLength
    if (size > this.maxBytes) return false
    if (size > this.buffer.byteLength) {
      const grown = new Uint8Array(Math.min(this.maxBytes, Math.max(size, minSize, this.buffer.byteLength * 2)))
      grown.set(this.buffer.subarray(0, this.size))
      this.buffer = grown
    }
    this.buffer.set(chunk, this.size)
    this.size = size
    return true
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.size)
  }
}
