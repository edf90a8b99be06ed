import type { ReceivedRequest } from "../models.js"

const formatTime = (time: number) => new Date(time).toISOString().slice(11, 23)

const formatFault = ({ applied, fault }: ReceivedRequest) =>
  fault === null ? "" : `  fault=${fault}${applied ? "" : " (not applied)"}`

// A path may hold control characters of a terminal.
const printable = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, "?")

/** Formats a request as one aligned line: time (UTC), method, path, status, milliseconds, and the fault if there was one. */
export const formatRequest = (request: ReceivedRequest): string => {
  const status = request.status === null ? "---" : String(request.status)
  const duration = `${request.duration ?? "-"} ms`.padStart(8)
  const method = request.method.padEnd(6)
  return `${formatTime(request.time)}  ${method} ${printable(request.path).padEnd(60)} ${status} ${duration}${formatFault(request)}`
}
