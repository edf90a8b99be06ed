// Module hooks that replace a text in one source file. Plain JavaScript, as they are loaded before tsx.
import { readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

/** @type {{ readonly url: string, readonly text: string, readonly replacement: string }} */
let mutation

export const initialize = (data) => {
  mutation = data
}

export const load = async (url, context, nextLoad) => {
  if (!url.split("?")[0].endsWith(mutation.url)) return nextLoad(url, context)
  const source = await readFile(fileURLToPath(url), "utf8")
  return { format: "module", shortCircuit: true, source: source.split(mutation.text).join(mutation.replacement) }
}
