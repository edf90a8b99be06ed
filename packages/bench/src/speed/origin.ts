/**
 * The process of the origin: a fast HTTP server in front of `tink.ts`. It sends its port, and its counts on request, to the
 * process that started it, and ends with that process.
 */
import { createServer, type IncomingMessage } from "node:http"
import { makeTink } from "./tink.js"

const tink = makeTink()

const readBody = async (request: IncomingMessage): Promise<string> => {
  let body = ""
  for await (const chunk of request.setEncoding("utf8")) body += chunk
  return body
}

const server = createServer((request, response) => {
  const answer = (body: string) => {
    const { authorization } = request.headers
    const { body: text, status } = tink.answer({ path: request.url ?? "", authorization, body })
    response.writeHead(status, text === "" ? {} : { "content-type": "application/json", "content-length": text.length })
    response.end(text)
  }
  if (request.method === "GET") answer("")
  else void readBody(request).then(answer)
})
server.keepAliveTimeout = 600_000

process.on("message", () => process.send?.({ counts: tink.counts() }))
process.on("disconnect", () => process.exit(0))
// Room for 1 000 connections that are opened at once.
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  const address = server.address()
  process.send?.({ port: typeof address === "object" ? address?.port : undefined })
})
