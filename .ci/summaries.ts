/** The first sentences of the comments of operations. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"

const source = join(import.meta.dirname, "..", "packages", "users", "src")

const parse = (path: string) =>
  ts.createSourceFile(path, readFileSync(join(source, path), "utf8"), ts.ScriptTarget.ES2022, true)

/** The first paragraph of the comment of a declaration, on one line. */
const summary = (node: ts.Node): string => {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const text = ts.getTextOfJSDocComment(comment?.comment) ?? ""
  const [first = ""] = text.split(/\n\s*\n/)
  return first.replaceAll(/\s+/g, " ").trim()
}

type Summary = readonly [name: string, summary: string]

const ofExports = (path: string): ReadonlyArray<Summary> =>
  parse(path).statements.flatMap((statement) =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(
          (declaration) => [declaration.name.getText(), summary(statement)] as const
        )
      : []
  )

const ofMembers = (path: string, name: string): ReadonlyArray<Summary> =>
  parse(path).statements.flatMap((statement) =>
    ts.isInterfaceDeclaration(statement) && statement.name.text === name
      ? statement.members.map((member) => [member.name?.getText() ?? "", summary(member)] as const)
      : []
  )

/** The summaries of the endpoints, in the order of their files. */
export const ofEndpoints: ReadonlyArray<Summary> = readdirSync(join(source, "internal", "endpoints")).flatMap((name) =>
  ofExports(join("internal", "endpoints", name))
)

/** The summaries of the operations that are not one endpoint. */
export const ofOtherOperations: ReadonlyArray<Summary> = ofMembers("Users.ts", "Service")

const summaries = new Map([...ofEndpoints, ...ofOtherOperations])

/** The summary of an operation, which must have one. */
export const summaryOf = (name: string): string => {
  const text = summaries.get(name) ?? ""
  if (text === "") throw new Error(`${name} has no comment to take its summary from`)
  return text
}
