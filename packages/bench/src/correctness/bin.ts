/** `npm run compare`: checks the caches that people use. It reports what it finds, and does not fail for it. */
import * as CommandLine from "@effect-tink/simulation/commandLine"
import { command } from "./compare.js"

CommandLine.run(command)
