import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import * as Tracer from "effect/Tracer"

/**
 * A tracer that keeps its spans, and notes all that is said to them: names, attributes, events, links and causes. The exits
 * are noted apart, as the value of a success may be shown.
 */
export const makeTracer = (
  note: (said: unknown) => void,
  noteExit: (exit: Exit.Exit<unknown, unknown>) => void = constVoid
) => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      note(name)
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: `${spans.length}`,
        traceId: "trace",
        parent,
        context,
        links,
        status: { _tag: "Started", startTime },
        sampled: true,
        kind,
        attributes,
        attribute: (key, value) => {
          attributes.set(key, value)
          note([key, value])
        },
        event: (event, _, eventAttributes) => note([event, eventAttributes]),
        end: (_, exit) => {
          note(attributes)
          noteExit(exit)
          if (Exit.isFailure(exit)) note(Cause.pretty(exit.cause, { renderErrorCause: true }))
        },
        addLinks: (more) => note(more)
      }
      spans.push(span)
      return span
    },
    context: (run) => run()
  })
  return { tracer, spans }
}
