#!/usr/bin/env node
/**
 * The sandbox as a command: `tink-sandbox --port 4010`.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Arr from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { withPlainText } from "./internal/command/plainText.js"
import { command } from "./internal/command/tinkSandbox.js"
import { untilOrphaned } from "./internal/command/untilOrphaned.js"

const run = Command.run(command, { name: "Tink sandbox", version: "0.1.0" })

/** `--help` and `--log-level` work at any place. `@effect/cli` accepts `--help` only alone, and `--log-level` only first. */
const withBuiltInsFirst = ([node = "", script = "", ...args]: ReadonlyArray<string>): ReadonlyArray<string> => {
  const help = args.find((arg) => arg === "--help" || arg === "-h")
  if (help !== undefined) return [node, script, help]
  const [others, levels] = Arr.partition(
    args,
    (arg, i) => arg.startsWith("--log-level") || args[i - 1] === "--log-level"
  )
  return [node, script, ...levels, ...others]
}

run(withBuiltInsFirst(process.argv)).pipe(
  withPlainText,
  Effect.raceFirst(untilOrphaned),
  Effect.tapError((error) =>
    Console.error(
      error._tag === "CannotListen" || error._tag === "InvalidPublicKey" || error._tag === "InvalidDescription"
        ? error.message
        : "Invalid command-line arguments: try --help"
    )
  ),
  Effect.tapDefect((cause) => Effect.logFatal(cause)),
  Effect.provide(NodeContext.layer),
  // Errors have been printed.
  NodeRuntime.runMain({ disableErrorReporting: true })
)
