/** The path of an endpoint: literal segments, and `{name}` for one segment of any text. */

const isParameter = (segment: string) => segment.startsWith("{") && segment.endsWith("}")

export const matches = (template: string, path: string): boolean => {
  const [expected, actual] = [template.split("/"), path.split("/")]
  return (
    expected.length === actual.length &&
    expected.every((segment, index) => (isParameter(segment) ? actual[index] !== "" : segment === actual[index]))
  )
}

/** Whether two templates differ in the names of their parameters at most. */
export const isSame = (one: string, other: string): boolean => anonymous(one) === anonymous(other)

const anonymous = (template: string) => template.replaceAll(/\{[^/]*\}/g, "{}")

/** The template in the syntax of the platform's router. */
export const toRouterPath = (template: string): `/${string}` =>
  `/${template
    .slice(1)
    .replaceAll(":", "::")
    .replaceAll(/\{([^/}]*)\}/g, ":$1")}`
