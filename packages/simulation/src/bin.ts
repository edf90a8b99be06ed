/** `npm run simulate`: plays random schedules until a promise breaks, or all are played. */
import * as CommandLine from "./commandLine.js"
import { command } from "./simulate.js"

CommandLine.run(command)
