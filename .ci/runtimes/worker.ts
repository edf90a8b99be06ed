/** The smoke test in a worker: `workerd test` runs it. */
import { runSmokeTest } from "./smokeTest.js"

export default {
  test: (_controller: unknown, env: { readonly TINK_BASE_URL: string }): Promise<void> =>
    runSmokeTest(env.TINK_BASE_URL)
}
