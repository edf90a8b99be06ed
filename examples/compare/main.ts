/** `npm run compare`: the same checks on the caches that people use. Says what it finds, and always succeeds. */
import { readFileSync } from "node:fs"
import type { Adapter } from "./adapter.js"
import { check } from "./checks.js"
import { contestants } from "./contestants.js"
import { invalidationMillis } from "./cost.js"
import { render, type Row } from "./table.js"

const versionOf = (adapter: Adapter): string => {
  const file = new URL(`../node_modules/${adapter.package}/package.json`, import.meta.url)
  const manifest: { readonly version: string } = JSON.parse(readFileSync(file, "utf8"))
  return manifest.version
}

const { stderr, stdout } = process
const progress = (text: string) => void stderr.write(stderr.isTTY ? `\r\u001B[2K${text}` : text && `${text}\n`)

const rows: Array<Row> = []
for (const adapter of contestants) {
  const title = `${rows.length + 1} of ${contestants.length}: ${adapter.name}`
  progress(`${title}, what it does`)
  const findings = await check(adapter)
  progress(`${title}, what an invalidation costs`)
  const cost = {
    small: await invalidationMillis(adapter, 1_000),
    large: await invalidationMillis(adapter, 100_000)
  }
  rows.push({ adapter, version: versionOf(adapter), findings, cost })
}
progress("")
stdout.write(`${render(rows, stdout.isTTY)}`)
