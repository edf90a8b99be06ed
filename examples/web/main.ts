/** Runs the program until it is stopped. */
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import * as Program from "./program.js"

// Without a reader of its output the program goes on.
process.stdout.on("error", () => {})

const help = `
  npm run web

  Starts "Your banks" on a sandbox that comes with it or, with TINK_CLIENT_ID and TINK_CLIENT_SECRET, on Tink.
  All settings are environment variables: examples/web/README.md lists them.
`

const serve = Layer.launch(Program.layer).pipe(
  Effect.provide(NodeHttpClient.layerUndici),
  Effect.tapError((error) => Console.error(`\n  ${Program.formatError(error)}\n`))
)

NodeRuntime.runMain(
  Effect.if(process.argv.includes("--help"), { onTrue: () => Console.log(help), onFalse: () => serve }),
  {
    disableErrorReporting: true
  }
)
