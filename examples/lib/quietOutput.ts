/** Ends the program quietly when its output is closed, as by `| head -1`. For examples that leave nothing behind. */
process.stdout.on("error", () => process.exit(0))
