/** `npm run bench`: runs the benchmarks. A missed goal is no failure. */
import * as CommandLine from "@effect-tink/simulation/commandLine"
import { command } from "./bench.js"

CommandLine.run(command)
