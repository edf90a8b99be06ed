/** The story in a worker: `workerd test` runs it. */
import { tellStory } from "./story.js"

export default {
  test: (_controller: unknown, env: { readonly TINK_BASE_URL: string }): Promise<void> => tellStory(env.TINK_BASE_URL)
}
