/** The story on Node, Bun and Deno. */
import { tellStory } from "./story.js"

await tellStory(process.env["TINK_BASE_URL"] ?? "")
