import type { ReceivedRequest } from "../TinkSandbox.js"

const clock = (time: number) => new Date(time).toISOString().slice(11, 23)

const faultOf = ({ applied, fault }: ReceivedRequest) =>
  fault === null ? "" : `  fault=${fault}${applied ? "" : " (not applied)"}`

// A path may hold bytes that a terminal would obey.
const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, "?")

/** A request as one aligned line: time (UTC), method, path, status, milliseconds, and the fault if there was one. */
export const requestLine = (request: ReceivedRequest): string => {
  const status = request.status === null ? "---" : String(request.status)
  const duration = `${request.duration ?? "-"} ms`.padStart(8)
  const method = request.method.padEnd(6)
  return `${clock(request.time)}  ${method} ${printable(request.path).padEnd(60)} ${status} ${duration}${faultOf(request)}`
}
