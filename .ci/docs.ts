/**
 * Compiles every TypeScript example of the documentation: the `ts` fences of the READMEs and of the doc comments.
 * Each becomes a file of its own in `examples/.docs`, named after where it stands, and all are compiled together.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const out = join(root, "examples", ".docs")

const publicModules = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder, "src"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/src/${name}`)

const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}`)
const documents = ["README.md", ...packages.map((folder) => `${folder}/README.md`), ...packages.flatMap(publicModules)]

interface Example {
  readonly name: string
  readonly code: string
}

/** A fence, with the margin that a doc comment puts before each of its lines. */
const fence = /^( *\* )?```ts\n([\s\S]*?)^\1?```/gm

const examplesIn = (document: string): ReadonlyArray<Example> => {
  const text = readFileSync(join(root, document), "utf8")
  return [...text.matchAll(fence)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length
    const code = match[2] ?? ""
    return {
      name: `${document.replace(/\.\w+$/, "").replaceAll("/", "__")}__line-${line}.ts`,
      code: match[1] === undefined ? code : code.replaceAll(/^ *\* ?/gm, "")
    }
  })
}

const examples = documents.filter((document) => existsSync(join(root, document))).flatMap(examplesIn)
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
for (const { code, name } of examples) writeFileSync(join(out, name), `${code}\nexport {}\n`)
writeFileSync(
  join(out, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions: { noEmit: true, types: ["node"], noUnusedLocals: false, plugins: [] },
    include: ["*.ts"]
  })
)
process.stdout.write(`Compiling ${examples.length} examples of the documentation\n`)
const { status } = spawnSync("tsc", ["-p", out], { stdio: "inherit" })
process.exit(examples.length === 0 ? 1 : (status ?? 1))
