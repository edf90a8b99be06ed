/**
 * Compiles every TypeScript example of the documentation: the `ts` fences of the READMEs, of `docs/` and of the doc comments.
 * Each becomes a file in `examples/.docs`, named after its document and line, and all are compiled together.
 *
 * A fence with a line outside its margin, such as a line of a doc comment without ` * `, is an error: what is shown to
 * readers would not be what is compiled. So is an `@example` without a fence.
 */
import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const out = join(root, "examples", ".docs")

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name.startsWith(".")) return []
    const path = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesIn(path) : [path]
  })

const isDocument = (path: string): boolean =>
  path.endsWith("/README.md") || path.startsWith("docs/") || /^packages\/[^/]+\/src\/.*\.ts$/.test(path)

const documents = ["README.md", ...["docs", "packages", "examples"].flatMap(filesIn).filter(isDocument)]

interface Example {
  readonly document: string
  /** The line of the opening fence, from 1. */
  readonly line: number
  readonly code: string
  /** Lines without the margin of the fence, from 1. */
  readonly linesOutside: ReadonlyArray<number>
}

const openingFence = /^(\s*(?:\* )?)```ts$/
const closingFence = /^\s*(?:\* ?)?```$/

const isInMargin = (line: string, margin: string): boolean =>
  line.startsWith(margin) || line === margin.trimEnd() || (line === "" && margin.trim() === "")

const readExample = (document: string, lines: ReadonlyArray<string>, opening: number, margin: string): Example => {
  const rest = lines.slice(opening + 1)
  const end = rest.findIndex((line) => closingFence.test(line) || (margin.includes("*") && line.includes("*/")))
  const body = end === -1 ? rest : rest.slice(0, end)
  const isOutside = (line: string, index: number) =>
    index < body.length ? !isInMargin(line, margin) : line !== `${margin}\`\`\``
  // The line after the body must be the closing fence.
  const linesOutside = [...body, rest[body.length] ?? ""].flatMap((line, index) =>
    isOutside(line, index) ? [opening + index + 2] : []
  )
  const isOpenedOutside = document.endsWith(".ts") && !margin.includes("*")
  return {
    document,
    line: opening + 1,
    code: body.map((line) => line.slice(margin.length)).join("\n"),
    linesOutside: isOpenedOutside ? [opening + 1, ...linesOutside] : linesOutside
  }
}

const examplesIn = (document: string): ReadonlyArray<Example> => {
  const lines = readFileSync(join(root, document), "utf8").split("\n")
  return lines.flatMap((line, index) => {
    const margin = openingFence.exec(line)?.[1]
    return margin === undefined ? [] : [readExample(document, lines, index, margin)]
  })
}

const fileName = ({ document, line }: Example): string =>
  `${document.replace(/\.\w+$/, "").replaceAll("/", "__")}__line-${line}.ts`

/** Examples in doc comments that are not fenced would be shown as prose, and not be compiled. */
const unfencedIn = (document: string): ReadonlyArray<string> =>
  readFileSync(join(root, document), "utf8")
    .split("\n")
    .flatMap((line, index, lines) =>
      /^\s*\* @example\b/.test(line) && !openingFence.test(lines[index + 1] ?? "") ? [`${document}:${index + 1}`] : []
    )

const examples = documents.flatMap(examplesIn)
const problems = [
  ...examples.flatMap(({ document, linesOutside }) =>
    linesOutside.map((line) => `${document}:${line}: outside the margin of its example`)
  ),
  ...documents.flatMap(unfencedIn).map((where) => `${where}: an example without a fence`)
]
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exit(1)

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
for (const example of examples) writeFileSync(join(out, fileName(example)), `${example.code}\nexport {}\n`)
writeFileSync(
  join(out, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions: { noEmit: true, types: ["node"], noUnusedLocals: false, plugins: [] },
    include: ["*.ts"]
  })
)
process.stdout.write(`Compiling ${examples.length} examples of the documentation\n`)
// Run by its path, as tsc is in PATH only within npm's scripts.
const { error, status } = spawnSync(
  process.execPath,
  [join(root, "node_modules", "typescript", "bin", "tsc"), "-p", out],
  {
    stdio: "inherit"
  }
)
if (error !== undefined) process.stderr.write(`tsc cannot be started: ${error.message}\n`)
process.exit(examples.length === 0 ? 1 : (status ?? 1))
