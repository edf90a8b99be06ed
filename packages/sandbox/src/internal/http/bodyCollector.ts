const maxBodySize = 1024 * 1024

/** Joins the chunks of a body, and keeps at most 1 MiB. */
export interface BodyCollector {
  readonly add: (chunk: Uint8Array) => void
  readonly body: () => Uint8Array | "too-large"
}

const concat = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const all = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    all.set(chunk, offset)
    offset += chunk.length
  }
  return all
}

export const make = (): BodyCollector => {
  let chunks: Array<Uint8Array> = []
  let size = 0
  return {
    add: (chunk) => {
      size += chunk.length
      if (size > maxBodySize) chunks = []
      else chunks.push(chunk)
    },
    body: () => (size > maxBodySize ? "too-large" : concat(chunks, size))
  }
}
