/** `npm run contract`: whether Tink does what tink-api.md says. */
import * as CommandLine from "@effect-tink/simulation/commandLine"
import { command } from "./contract.js"

CommandLine.run(command)
