import type { Incoming } from "./incoming.js"

/** Where a client reaches the sandbox. In process every host does. */
export const toOrigin = ({ connection, headers }: Incoming): string =>
  `${connection.certificate === undefined ? "http" : "https"}://${headers["host"] ?? "127.0.0.1"}`
