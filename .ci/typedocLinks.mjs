/** For typedoc: links to files and folders that are no page of the reference lead to the repository. Those to nothing are errors. */
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
        if (part.kind !== "relative-link" || part.text.startsWith("#")) continue
        const path = part.target === undefined ? undefined : project.files.resolve(part.target, project)
        if (path === undefined) app.logger.error(`${reflection.name} links to ${part.text}, which does not exist`)
        if (typeof path !== "string" || path.endsWith(".svg")) continue
        const anchor = part.targetAnchor === undefined ? "" : `#${part.targetAnchor}`
        Object.assign(part, { kind: "text", text: `${repository}/${relative(root, path)}${anchor}` })
      }
    }
  })
}
