/** Receiving webhooks with nothing but Node's HTTP server. The body is verified before it is parsed. */
import { verifyPromise } from "@effect-tink/webhooks/WebhookSignature"
import { Redacted } from "effect"
import { createServer, type IncomingMessage } from "node:http"

const verify = verifyPromise({ secrets: [Redacted.make(process.env["TINK_WEBHOOK_SECRET"] ?? "")] })

const maxBytes = 1024 * 1024

const readBody = async (request: IncomingMessage): Promise<Uint8Array | "too large"> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxBytes) return "too large"
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const receive = async (request: IncomingMessage): Promise<number> => {
  const body = await readBody(request)
  if (body === "too large") return 413
  const signature = request.headers["x-tink-signature"]
  try {
    await verify({ signature: signature?.toString(), body }, Date.now())
  } catch {
    return 412
  }
  const { content, event } = JSON.parse(new TextDecoder().decode(body))
  process.stdout.write(`${event} ${content?.credentialsStatus ?? ""}\n`)
  return 204
}

createServer((request, response) => {
  void receive(request)
    .catch(() => 503)
    .then((status) => response.writeHead(status, status === 413 ? { connection: "close" } : {}).end())
}).listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1")
