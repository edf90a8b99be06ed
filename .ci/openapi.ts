/**
 * Writes `packages/users/openapi.json`: an OpenAPI 3.1 description of all that the client knows of Tink, from the records of
 * the endpoints. With `--check` it only says whether the file is current.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as JSONSchema from "effect/JSONSchema"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { format, resolveConfig } from "prettier"
import { AccessToken } from "../packages/http/src/AccessToken.js"
import { endpoints } from "../packages/users/src/internal/endpoints/all.js"
import { DocumentedAs } from "../packages/users/src/internal/schemas/schema.js"
import { deleteUser, revokeAll } from "../packages/users/src/internal/endpoints/steps.js"
import { summaryOf } from "./summaries.js"

const file = join(import.meta.dirname, "..", "packages", "users", "openapi.json")

const described = { ...endpoints, deleteUser, revokeAll }

type Endpoint = (typeof described)[keyof typeof described]

type Json = Readonly<Record<string, unknown>>

// ---------------------------------------------------------------------------------------------------------------------
// Schemas
// ---------------------------------------------------------------------------------------------------------------------

const definitions: Record<string, JSONSchema.JsonSchema7> = {}

/** The encoded side of a schema, with what a member is documented to be where the client accepts any value. */
const documented = (ast: AST.AST): AST.AST => {
  const encoded = AST.encodedAST(ast)
  const annotation = encoded.annotations[DocumentedAs]
  // Only this library sets the annotation, to a schema's AST.
  if (annotation !== undefined) {
    const described = documented(annotation as AST.AST)
    // A member that may have any value may be null, too.
    return AST.isUnknownKeyword(encoded) ? AST.Union.make([described, AST.null]) : described
  }
  if (AST.isUnion(encoded)) return AST.Union.make(encoded.types.map(documented))
  if (AST.isTupleType(encoded)) {
    const rest = encoded.rest.map((type) => new AST.Type(documented(type.type)))
    return new AST.TupleType(encoded.elements, rest, encoded.isReadonly)
  }
  if (!AST.isTypeLiteral(encoded)) return encoded
  const properties = encoded.propertySignatures.map(
    ({ isOptional, isReadonly, name, type }) =>
      new AST.PropertySignature(name, documented(type), isOptional, isReadonly)
  )
  return new AST.TypeLiteral(properties, encoded.indexSignatures)
}

const jsonSchema = (ast: AST.AST): JSONSchema.JsonSchema7 =>
  JSONSchema.fromAST(documented(ast), {
    definitions,
    definitionPath: "#/components/schemas/",
    target: "openApi3.1",
    additionalPropertiesStrategy: "allow"
  })

/** The schema of the JSON in a text, if the text is JSON. */
const parsedJson = ({ ast }: Schema.Schema.AnyNoContext): AST.AST | undefined =>
  AST.isTransformation(ast) && ast.from.annotations[AST.SchemaIdAnnotationId] === AST.ParseJsonSchemaId
    ? ast.to
    : undefined

const content = (type: string, schema: unknown): Json => ({ content: { [type]: { schema } } })

// ---------------------------------------------------------------------------------------------------------------------
// Requests
// ---------------------------------------------------------------------------------------------------------------------

/** The members of the encoded input. */
const members = (endpoint: Endpoint): JSONSchema.JsonSchema7Object | undefined => {
  if (endpoint.input === undefined) return undefined
  const encoded = AST.encodedAST(endpoint.input.ast)
  const [defined = encoded] = AST.isUnion(encoded) ? encoded.types.filter((type) => !AST.isUndefinedKeyword(type)) : []
  const schema = jsonSchema(defined)
  const resolved = "$ref" in schema ? definitions[schema.$ref.replace("#/components/schemas/", "")] : schema
  return resolved !== undefined && "properties" in resolved ? resolved : undefined
}

const isHeader = ({ headers = [] }: Endpoint, name: string): boolean => headers.includes(name)

const isQuery = (endpoint: Endpoint, name: string): boolean =>
  !isHeader(endpoint, name) &&
  (endpoint.method === "GET" || ("query" in endpoint && (endpoint.query?.includes(name) ?? false)))

const parameters = (endpoint: Endpoint): ReadonlyArray<Json> => {
  const [, id] = /\{(\w+)\}/.exec(endpoint.route) ?? []
  const schema = members(endpoint)
  const all = Object.entries(schema?.properties ?? {})
  const headers = all.filter(([name]) => isHeader(endpoint, name))
  const query = all.filter(([name]) => isQuery(endpoint, name))
  return [
    ...(id === undefined ? [] : [{ name: id, in: "path", required: true, schema: { type: "string" } }]),
    ...query.map(([name, schema]) => ({ name, in: "query", schema })),
    ...headers.map(([name, schema]) => ({ name, in: "header", schema }))
  ]
}

const body = (endpoint: Endpoint): Json => {
  const schema = members(endpoint)
  const properties = Object.entries(schema?.properties ?? {}).filter(
    ([name]) => !isQuery(endpoint, name) && !isHeader(endpoint, name)
  )
  if (schema === undefined || properties.length === 0 || endpoint._tag === "Read") return {}
  const required = schema.required.filter((name) => properties.some(([property]) => property === name))
  const type = endpoint.encoding === "form" ? "application/x-www-form-urlencoded" : "application/json"
  const named =
    endpoint._tag === "Change" && endpoint.userIdMember !== undefined
      ? [[endpoint.userIdMember, { type: "string" }]]
      : []
  const object = { type: "object", properties: Object.fromEntries([...named, ...properties]), required }
  return { requestBody: { required: required.length > 0, ...content(type, object) } }
}

const success = ({ response }: Endpoint): Json => {
  const json = parsedJson(response)
  if (json !== undefined) return { "200": { description: "Success", ...content("application/json", jsonSchema(json)) } }
  return AST.isVoidKeyword(AST.typeAST(response.ast))
    ? { "2XX": { description: "Success, without a body" } }
    : { "200": { description: "Success", ...content("text/plain", { type: "string" }) } }
}

const security = (endpoint: Endpoint): ReadonlyArray<Json> => {
  if (endpoint._tag !== "Client") return [{ user: [endpoint.scope] }]
  return endpoint.scope === undefined ? [] : [{ client: [endpoint.scope] }]
}

const failure = { default: { $ref: "#/components/responses/Failure" } }

const operation = (endpoint: Endpoint): Json => ({
  operationId: endpoint.name,
  summary: summaryOf(endpoint.name),
  externalDocs: { description: endpoint.source, url: "https://docs.tink.com/api" },
  security: security(endpoint),
  parameters: parameters(endpoint),
  ...body(endpoint),
  responses: { ...success(endpoint), ...failure }
})

// ---------------------------------------------------------------------------------------------------------------------
// The document
// ---------------------------------------------------------------------------------------------------------------------

const tokenOperation = {
  operationId: "getAccessToken",
  summary: "Issues an access token.",
  externalDocs: { description: "tink-api.md 1", url: "https://docs.tink.com/api" },
  security: [],
  requestBody: {
    required: true,
    ...content("application/x-www-form-urlencoded", {
      type: "object",
      properties: {
        client_id: { type: "string" },
        client_secret: { type: "string" },
        grant_type: {
          enum: ["client_credentials", "authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"]
        },
        scope: { type: "string" },
        code: { type: "string" },
        assertion: { type: "string" }
      },
      required: ["grant_type"]
    })
  },
  responses: {
    "200": { description: "Success", ...content("application/json", jsonSchema(AccessToken.ast)) },
    ...failure
  }
}

const paths: Record<string, Record<string, unknown>> = { "/api/v1/oauth/token": { post: tokenOperation } }
for (const endpoint of Object.values(described)) {
  paths[endpoint.route] = { ...paths[endpoint.route], [endpoint.method.toLowerCase()]: operation(endpoint) }
}

const flow = (scopes: ReadonlyArray<string | undefined>) => ({
  type: "oauth2",
  flows: {
    clientCredentials: {
      tokenUrl: "/api/v1/oauth/token",
      scopes: Object.fromEntries(scopes.flatMap((scope) => (scope === undefined ? [] : [[scope, ""]])))
    }
  }
})

const scopes = (isClient: boolean) =>
  Object.values(described).flatMap((endpoint) => ((endpoint._tag === "Client") === isClient ? [endpoint.scope] : []))

const document = {
  openapi: "3.1.0",
  info: {
    title: "Tink, as this library knows it",
    version: "0.1.0",
    description:
      "Users, authorization, credentials, consents, providers and link sessions. Not published by Tink: it is generated from the client's own " +
      "records, which follow packages/http/tink-api.md."
  },
  servers: [{ url: "https://api.tink.com" }],
  paths,
  components: {
    responses: {
      Failure: {
        description: "Any failure",
        ...content("application/json", {
          type: "object",
          properties: { errorMessage: { type: "string" }, errorCode: { type: "string" } }
        })
      }
    },
    securitySchemes: { client: flow(scopes(true)), user: flow(scopes(false)) },
    schemas: definitions
  }
}

const current = (() => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
})()
/** Effect gives the schema of any value an id, which a document may have only once. */
const withoutIds = (name: string, value: unknown): unknown => (name === "$id" ? undefined : value)

const written = await format(JSON.stringify(document, withoutIds), { ...(await resolveConfig(file)), filepath: file })
if (process.argv.includes("--check") && written !== current) {
  process.stderr.write(`${file} is not current: run \`npm run openapi\`\n`)
  process.exit(1)
}
writeFileSync(file, written)
