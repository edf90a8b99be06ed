/**
 * Writes the tables of operations into the README of `users`, from the endpoint records and the comments of the operations.
 * With `--check` it only says whether they are current.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { format, resolveConfig } from "prettier"
import ts from "typescript"
import { endpoints } from "../packages/users/src/internal/endpoints/all.js"

const source = join(import.meta.dirname, "..", "packages", "users")
const readme = join(source, "README.md")

type Name = keyof typeof endpoints

type Endpoint = (typeof endpoints)[Name]

// ---------------------------------------------------------------------------------------------------------------------
// Comments
// ---------------------------------------------------------------------------------------------------------------------

const parse = (path: string) =>
  ts.createSourceFile(path, readFileSync(join(source, "src", path), "utf8"), ts.ScriptTarget.ES2022, true)

/** The first paragraph of the comment of a declaration, on one line. */
const summary = (node: ts.Node): string => {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? ""
  const [first = ""] = text.split(/\n\s*\n/)
  return first.replaceAll(/\s+/g, " ").trim()
}

const summariesOfExports = (path: string): ReadonlyArray<readonly [name: string, summary: string]> =>
  parse(path).statements.flatMap((statement) =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(
          (declaration) => [declaration.name.getText(), summary(statement)] as const
        )
      : []
  )

const summariesOfMembers = (path: string, name: string): ReadonlyArray<readonly [name: string, summary: string]> =>
  parse(path).statements.flatMap((statement) =>
    ts.isInterfaceDeclaration(statement) && statement.name.text === name
      ? statement.members.map((member) => [member.name?.getText() ?? "", summary(member)] as const)
      : []
  )

const isName = (name: string): name is Name => name in endpoints

/** In the order of their files. */
const endpointRows = readdirSync(join(source, "src", "internal", "endpoints"))
  .flatMap((file) => summariesOfExports(`internal/endpoints/${file}`))
  .flatMap(([name, summary]) => (isName(name) ? [{ name, summary, endpoint: endpoints[name] }] : []))

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
      return "–"
  }
}

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(header), row(header.map(() => "---")), ...rows.map(row)].join("\n")

const withText = (name: string, summary: string): string => {
  if (summary === "") throw new Error(`${name} has no comment to take its summary from`)
  return summary
}

const requests = table(
  ["operation", "what it does", "request", "token", "cache"],
  endpointRows.map(({ endpoint, name, summary }) => [
    `\`${name}\``,
    withText(name, summary),
    `\`${endpoint.method} ${endpoint.route}\``,
    token(endpoint),
    cache(endpoint)
  ])
)

const others = table(
  ["operation", "what it does"],
  summariesOfMembers("Users.ts", "Service").map(([name, summary]) => [`\`${name}\``, withText(name, summary)])
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
