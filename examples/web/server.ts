/** The server: where it listens, and how it stops. */
import { HttpServer, type HttpServerError } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Config, Duration, Effect, Layer, Option } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** How long responses may take to end when the program stops. */
const grace = Duration.seconds(5)

export interface Address {
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
}

export const layer = ({ host, port }: Address) =>
  Layer.suspend(() => {
    const server = createServer()
    const cutOff = Effect.sync(() => setTimeout(() => server.closeAllConnections(), Duration.toMillis(grace)).unref())
    return Layer.scopedDiscard(Effect.addFinalizer(() => cutOff)).pipe(
      // Finalizers run in reverse order: the time runs while the server waits for its last responses.
      Layer.provideMerge(NodeHttpServer.layer(() => server, { host, port }))
    )
  })

/** Not `Config.port`, which refuses 0. */
const port = Config.validate(Config.integer("PORT"), {
  message: "must be a port, or 0 for any free one",
  validation: (port) => port >= 0 && port <= 65_535
})

export const layerConfig = Layer.unwrapEffect(
  Effect.map(
    Config.all({
      host: Config.withDefault(Config.string("HOST"), "localhost"),
      port: Config.withDefault(port, 3000)
    }),
    layer
  )
)

export const formatServeError = ({ cause }: HttpServerError.ServeError): string => {
  const { address, code, port } = cause as NodeJS.ErrnoException & Partial<AddressInfo>
  return code === "EADDRINUSE"
    ? `Port ${port} of ${address} is in use: set PORT to another one`
    : `Cannot listen: ${String(cause)}`
}

const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text

/** Needed behind a proxy. */
const publicUrl = Config.option(
  Config.validate(Config.string("PUBLIC_URL"), {
    message: "must be like https://banks.example, without a path",
    validation: isOrigin
  })
)

/** The origin that browsers see: PUBLIC_URL or, without it, the address on this machine. */
export const origin = Effect.gen(function* () {
  const configured = yield* publicUrl
  if (Option.isSome(configured)) return configured.value
  const { address } = yield* HttpServer.HttpServer
  return address._tag === "TcpAddress" ? `http://localhost:${address.port}` : "http://localhost"
})
