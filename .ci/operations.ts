/**
 * Writes the tables of operations into the README of `users`, from the endpoint records and the comments of the operations.
 * With `--check` it only says whether they are current.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import { endpoints } from "../packages/users/src/internal/endpoints/all.js"
import { ofEndpoints, ofOtherOperations, summaryOf } from "./summaries.js"

const readme = join(import.meta.dirname, "..", "packages", "users", "README.md")

type Name = keyof typeof endpoints

type Endpoint = (typeof endpoints)[Name]

const isName = (name: string): name is Name => name in endpoints

const endpointRows = ofEndpoints.flatMap(([name]) => (isName(name) ? [{ name, endpoint: endpoints[name] }] : []))

// ---------------------------------------------------------------------------------------------------------------------
// Tables
// ---------------------------------------------------------------------------------------------------------------------

const token = (endpoint: Endpoint): string => {
  if (endpoint._tag !== "Client") return `session, \`${endpoint.scope}\``
  return endpoint.scope === undefined ? "none" : `application, \`${endpoint.scope}\``
}

const cache = (endpoint: Endpoint): string => {
  switch (endpoint._tag) {
    case "Read":
      return endpoint.cache === false ? "–" : "cached"
    case "Change":
      return endpoint.invalidates === false ? "–" : "invalidates"
    case "Client":
      return endpoint.cache === undefined ? "–" : "cached for all"
  }
}

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(header), row(header.map(() => "---")), ...rows.map(row)].join("\n")

const requests = table(
  ["operation", "what it does", "request", "token", "cache"],
  endpointRows.map(({ endpoint, name }) => [
    `\`${name}\``,
    summaryOf(name),
    `\`${endpoint.method} ${endpoint.route}\``,
    token(endpoint),
    cache(endpoint)
  ])
)

const others = table(
  ["operation", "what it does"],
  ofOtherOperations.map(([name]) => [`\`${name}\``, summaryOf(name)])
)

const insert = (document: string, name: string, table: string): string => {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const [before, rest] = document.split(start)
  const [, after] = rest?.split(end) ?? []
  if (before === undefined || after === undefined) throw new Error(`${readme} has no place for ${name}`)
  return `${before}${start}\n\n${table}\n\n${end}${after}`
}

const current = readFileSync(readme, "utf8")
const written = await format(insert(insert(current, "requests", requests), "other operations", others), {
  ...(await resolveConfig(readme)),
  filepath: readme
})
if (process.argv.includes("--check") && written !== current) {
  process.stderr.write(`${readme} does not have the current operations: run \`npm run format\`\n`)
  process.exit(1)
}
writeFileSync(readme, written)
