/** The OpenAPI description that a sandbox was given. It is served as it is, but for where and how the page sends requests. */

/** A description as parsed JSON. */
export type Document = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Parses a file. Throws if it is not a description. */
export const parse = (text: string): Document => {
  const document: unknown = JSON.parse(text)
  if (!isObject(document) || typeof document["openapi"] !== "string") throw new Error("not an OpenAPI description")
  return document
}

/** Requests go to the sandbox, not to Tink. */
export const forSandbox = (document: Document): Document => ({ ...document, servers: [{ url: "/" }] })

const bearer = (name: string) => ({
  type: "http",
  scheme: "bearer",
  description: `A token of the ${name === "client" ? "application" : "user"}, from POST /api/v1/oauth/token.`
})

/** Swagger UI sends the secret in a header, which Tink does not document. So the page takes a token instead. */
export const forPage = (document: Document): Document => {
  const { components } = document
  const schemes = isObject(components) ? components["securitySchemes"] : undefined
  if (!isObject(components) || !isObject(schemes)) return forSandbox(document)
  const securitySchemes = Object.fromEntries(Object.keys(schemes).map((name) => [name, bearer(name)]))
  return { ...forSandbox(document), components: { ...components, securitySchemes } }
}
