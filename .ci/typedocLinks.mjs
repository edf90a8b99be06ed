/** For typedoc: links to files and folders that are no page of the reference lead to the repository. Those to nothing are errors. */
import { existsSync } from "node:fs"
import { join, relative } from "node:path"
import { Renderer } from "typedoc"

const root = join(import.meta.dirname, "..")
const repository = "https://github.com/effect-tink/effect-tink/tree/main"

const partsOf = ({ comment, content, readme }) => [
  ...(comment?.summary ?? []),
  ...(comment?.blockTags ?? []).flatMap((tag) => tag.content),
  ...(content ?? []),
  ...(readme ?? [])
]

/** @param {import("typedoc").Application} app */
export const load = (app) => {
  app.renderer.on(Renderer.EVENT_BEGIN, ({ project }) => {
    for (const reflection of [project, ...Object.values(project.reflections)]) {
      for (const part of partsOf(reflection)) {
        if (part.kind !== "relative-link" || typeof part.target !== "number") continue
        const path = project.files.resolve(part.target, project)
        if (typeof path !== "string" || path.endsWith(".svg")) continue
        if (!existsSync(path))
          app.logger.error(`${reflection.name} links to ${relative(root, path)}, which does not exist`)
        const anchor = part.targetAnchor === undefined ? "" : `#${part.targetAnchor}`
        Object.assign(part, { kind: "text", text: `${repository}/${relative(root, path)}${anchor}` })
      }
    }
  })
}
