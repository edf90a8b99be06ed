import { Ajv2020 } from "ajv/dist/2020.js"
import * as Arr from "effect/Array"
import * as Order from "effect/Order"
import document from "../openapi.json" with { type: "json" }

/** The client's OpenAPI description, for comparing requests and answers with it. */

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly schema: { readonly type?: string }
}

export interface Operation {
  readonly operationId: string
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: Content & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Content>>
}

const ajv = new Ajv2020({ strict: false })

// Schemas refer to those of the document.
ajv.addSchema({ $id: "https://tink.invalid/", components: document.components })

const absolute = (schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"https://tink.invalid/#/components/'))

const isValid = (schema: object, value: unknown): boolean => ajv.validate(absolute(schema), value)

const described = Object.entries(document.paths).flatMap(([route, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path: new RegExp(`^${route.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    hasId: route.includes("{"),
    // JSON is typed by its values.
    operation: operation as Operation
  }))
)

type Described = (typeof described)[number]

export const operationIds = described.map(({ operation }) => operation.operationId)

/** A route without an id is the better match. */
export const findOperation = (method: string, path: string): Operation | undefined =>
  Arr.sortBy(Order.mapInput(Order.boolean, ({ hasId }: Described) => hasId))(
    described.filter((candidate) => candidate.method === method && candidate.path.test(path))
  )[0]?.operation

/** What differs between an answer and the description, or nothing. */
export const answerDifference = (operation: Operation, status: number, text: string): string | undefined => {
  const schema = operation.responses[String(status)]?.content?.["application/json"]?.schema
  if (schema === undefined || isValid(schema, JSON.parse(text))) return undefined
  return `${operation.operationId}: ${ajv.errorsText()} in ${text}`
}

const queryValue = (schema: Parameter["schema"], values: ReadonlyArray<string>): unknown => {
  if (schema.type === "array") return values
  const [value = ""] = values
  return schema.type === "boolean" || schema.type === "integer" || schema.type === "number" ? JSON.parse(value) : value
}

const queryDifferences = ({ parameters = [] }: Operation, query: URLSearchParams): ReadonlyArray<string> =>
  Array.from(new Set(query.keys())).flatMap((name) => {
    const parameter = parameters.find((candidate) => candidate.in === "query" && candidate.name === name)
    if (parameter === undefined) return [`the query ${name} is not described`]
    return isValid(parameter.schema, queryValue(parameter.schema, query.getAll(name)))
      ? []
      : [`the query ${name}: ${ajv.errorsText()}`]
  })

const bodyDifferences = ({ requestBody }: Operation, type: string, body: unknown): ReadonlyArray<string> => {
  if (body === undefined) return requestBody?.required === true ? ["the body is required"] : []
  const schema = requestBody?.content?.[type]?.schema
  if (schema === undefined) return [`a body of ${type} is not described`]
  const names = "properties" in schema ? Object.keys(schema.properties ?? {}) : []
  const unknown = Object.keys(body ?? {}).filter((name) => !names.includes(name))
  return [
    ...unknown.map((name) => `the member ${name} is not described`),
    ...(isValid(schema, body) ? [] : [ajv.errorsText()])
  ]
}

interface DescribedRequest {
  readonly query: URLSearchParams
  readonly type?: string | undefined
  readonly body?: string | undefined
}

const parseBody = ({ body, type }: DescribedRequest): unknown => {
  if (body === undefined || body === "") return undefined
  return type === "application/json" ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body))
}

/** What differs between a request and the description. */
export const requestDifferences = (operation: Operation, request: DescribedRequest): ReadonlyArray<string> =>
  [
    ...queryDifferences(operation, request.query),
    ...bodyDifferences(operation, request.type ?? "", parseBody(request))
  ].map((difference) => `${operation.operationId}: ${difference}`)
