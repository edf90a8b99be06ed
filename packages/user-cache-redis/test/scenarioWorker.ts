/** `scenarioWorker <name>`: prints as JSON whether the promise held. A process of its own for each mutant. */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { scenarios } from "./scenarios.js"

const isScenario = (name: string | undefined): name is keyof typeof scenarios => name !== undefined && name in scenarios

const name = process.argv[2]
if (!isScenario(name)) throw new Error(`no such scenario: ${name}`)

const isRight = await Effect.runPromise(Effect.scoped(scenarios[name]).pipe(Logger.withMinimumLogLevel(LogLevel.None)))
process.stdout.write(JSON.stringify(isRight), () => process.exit())
