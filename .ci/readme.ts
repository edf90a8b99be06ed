/** Runs the application of the README as a new user does: saved as it is, with the published packages, against a sandbox. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { root, run } from "./commands.js"

const readApplication = (): string => {
  const [, application] =
    /Save this as `app\.ts`:\n\n```ts\n(.*?)```/s.exec(readFileSync(join(root, "README.md"), "utf8")) ?? []
  if (application === undefined) throw new Error("README.md has no application to save as app.ts")
  return application
}

/** Whether it printed what the README says: the credential twice, from Tink and from the cache. */
export const runApplication = (folder: string, sandboxUrl: string): boolean => {
  writeFileSync(join(folder, "app.ts"), readApplication())
  // A base URL may end with a slash.
  return [sandboxUrl, `${sandboxUrl}/`].every((url) => {
    const environment = {
      TINK_CLIENT_ID: "sandbox-client",
      TINK_CLIENT_SECRET: "sandbox-secret",
      TINK_BASE_URL: url
    }
    const output = run(process.execPath, ["--import", import.meta.resolve("tsx"), "app.ts"], { folder, environment })
    return output.split("se-demobank-open-banking-redirect").length === 3
  })
}
