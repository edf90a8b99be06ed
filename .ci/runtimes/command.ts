/** The smoke test on Node, Bun and Deno. */
import { runSmokeTest } from "./smokeTest.js"

await runSmokeTest(process.env["TINK_BASE_URL"] ?? "")
