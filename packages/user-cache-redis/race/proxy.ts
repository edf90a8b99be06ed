/** Stands between the processes and Redis: slows what it passes on, cuts connections, and leads to another server. */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

export interface Proxy {
  readonly url: string
  /** How long each piece takes, in each direction, from now on. */
  readonly setDelay: (millis: number) => void
  /** Ends all connections: at once, or in the middle of the next reply. */
  readonly cut: (when: "now" | "in a reply") => void
  readonly close: () => void
}

/** Passes on what arrives, in its order. */
const pass = (from: Socket, forward: (piece: Buffer) => void, delayMillis: () => number): void => {
  let last: Promise<unknown> = Promise.resolve()
  from.on("data", (piece: Buffer) => {
    const millis = delayMillis()
    const delayed = millis === 0 ? last : Promise.all([last, sleep(millis)])
    last = delayed.then(() => forward(piece))
  })
}

export const startProxy = async (portOfRedis: () => number): Promise<Proxy> => {
  const clients = new Set<Socket>()
  let delay = 0

  const server = createServer((client) => {
    const redis = connect(portOfRedis(), "127.0.0.1")
    const end = () => {
      clients.delete(client)
      client.destroy()
      redis.destroy()
    }
    for (const socket of [client, redis]) {
      socket.setNoDelay()
      socket.on("error", end)
      socket.on("close", end)
    }
    clients.add(client)
    const cutInReply = () => {
      redis.removeAllListeners("data")
      redis.once("data", (reply: Buffer) => client.end(reply.subarray(0, Math.ceil(reply.length / 2)), end))
    }
    client.on("cut", cutInReply)
    pass(
      client,
      (piece) => void redis.write(piece),
      () => delay
    )
    pass(
      redis,
      (piece) => void client.write(piece),
      () => delay
    )
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")

  return {
    url: `redis://127.0.0.1:${address.port}`,
    setDelay: (millis) => void (delay = millis),
    cut: (when) => {
      for (const client of clients) {
        if (when === "now") client.destroy()
        else client.emit("cut")
      }
    },
    close: () => {
      for (const client of clients) client.destroy()
      server.close()
    }
  }
}
