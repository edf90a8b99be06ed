/** Shows what a program does: a line that changes on a terminal, and a line for each part of the work in a log. */
export interface Progress {
  /** `part` names the part of the work: in a log, only the first text of each part is shown. */
  readonly show: (text: string, part?: string) => void
  readonly clear: () => void
}

const clearLine = "\r\u001B[2K"

export const make = ({ stderr } = process): Progress => {
  // Not `performance.now`, which a benchmark may replace.
  const startedAt = process.hrtime.bigint()
  let shown: string | undefined
  return {
    show: (text, part = text) => {
      const line = `${(process.hrtime.bigint() - startedAt) / 1_000_000_000n} s  ${text}`
      if (stderr.isTTY) stderr.write(clearLine + line)
      else if (part !== shown) stderr.write(`${line}\n`)
      shown = part
    },
    clear: () => {
      if (stderr.isTTY) stderr.write(clearLine)
    }
  }
}
