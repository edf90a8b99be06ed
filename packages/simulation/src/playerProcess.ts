/** The process of a player: plays the schedule of each seed that it is sent. */
import { local } from "./players.js"

// Ctrl-C is for all processes of a terminal: the one that started this one decides, and ends it.
process.on("SIGINT", () => {})
process.on("disconnect", () => process.exit())
process.on("message", async (seed: number) => process.send?.(await local.play(seed)))
