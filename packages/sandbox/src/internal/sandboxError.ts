import * as Schema from "effect/Schema"

/**
 * A call of the sandbox's own named something that does not exist, or that does not wait for what the call does.
 *
 * @example
 * ```ts
 * import { TinkSandbox } from "@effect-tink/sandbox"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function* () {
 *   const sandbox = yield* TinkSandbox.TinkSandbox
 *   return yield* sandbox.connectBank("nobody")
 * }).pipe(Effect.catchTag("SandboxError", (error) => Effect.succeed(error.reason))) // "UnknownUser"
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class SandboxError extends Schema.TaggedError<SandboxError>("@effect-tink/sandbox/SandboxError")(
  "SandboxError",
  {
    reason: Schema.Literal("UnknownUser", "UnknownCredentials", "NotAwaiting"),
    id: Schema.String
  }
) {
  /**
   * @since 0.1.0
   */
  override get message(): string {
    if (this.reason === "NotAwaiting") return `The credentials ${this.id} do not wait for the customer`
    const what = this.reason === "UnknownUser" ? "user" : "credentials"
    return `The sandbox has no ${what} with the id ${this.id}`
  }
}
