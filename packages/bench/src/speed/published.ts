/** The packages as they are published: JavaScript that Node finds without help. */
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { bundle } from "../../../../.ci/bundle.js"
import { root } from "../contestants/packages.js"

const own = ["http", "user-cache", "users"]
const peers = ["effect", "@effect/platform"]

interface Manifest {
  readonly publishConfig: { readonly exports: unknown }
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Installs a package that another folder has. */
const install = async (name: string, from: string, folder: string): Promise<void> => {
  const link = join(folder, "node_modules", name)
  await mkdir(dirname(link), { recursive: true })
  await symlink(await realpath(join(from, "node_modules", name)), link, "junction")
}

const publish = async (name: string, folder: string): Promise<void> => {
  const from = join(root, "..", name)
  const to = join(folder, "node_modules", "@effect-tink", name)
  bundle(from, join(to, "dist"))
  const { publishConfig, ...manifest }: Manifest = JSON.parse(await readFile(join(from, "package.json"), "utf8"))
  await writeFile(join(to, "package.json"), JSON.stringify({ ...manifest, exports: publishConfig.exports }))
  for (const dependency of Object.keys(manifest.dependencies ?? {})) await install(dependency, from, folder)
}

/** Runs with a folder in which the packages and their peers are installed, and removes it. */
export const withPublished = async <A>(run: (folder: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "effect-tink-bench-"))
  try {
    for (const name of own) await publish(name, folder)
    for (const peer of peers) await install(peer, root, folder)
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
