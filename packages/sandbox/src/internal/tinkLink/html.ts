/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const escape = (text: string) => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character)

type Value = string | Html | ReadonlyArray<Html>

const render = (value: Value): string => {
  if (typeof value === "string") return escape(value)
  return "html" in value ? value.html : value.map(({ html }) => html).join("\n")
}

/** A template of HTML. Inserted text is escaped, for content and for attributes in double quotes. */
export const html = (strings: TemplateStringsArray, ...values: ReadonlyArray<Value>): Html => ({
  html: strings.map((string, index) => string + render(values[index] ?? "")).join("")
})

export const nothing: Html = { html: "" }
