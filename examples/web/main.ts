/** Runs the program until it is stopped. */
import { NodeHttpClient, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import * as Program from "./program.js"

// Without a reader of its output the program goes on.
process.stdout.on("error", () => {})

Layer.launch(Program.layer).pipe(
  Effect.provide(NodeHttpClient.layerUndici),
  Effect.tapError((error) => Console.error(`\n  ${Program.formatError(error)}\n`)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
