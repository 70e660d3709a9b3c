/**
 * /openapi.json and a page at /docs, both made from the schemas of the routes and from what they declare of their
 * answers (`answers.ts`); open, since they hold no data.
 */
import swagger from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { SECURITY_SCHEME } from '../access.js'
import { referToParameters, referToSchemas } from './components.js'
import { HEADERS } from './headers.js'
import { BINARY } from '../schemas.js'
import { NAMED_SCHEMAS } from './named-schemas.js'
import { docsPage } from './page.js'
import { ErrorComponents, responsesOf, type Json, type RouteFacts } from './responses.js'

const TAGS = [
  { name: 'transcription', description: 'Speech to text' },
  { name: 'search', description: 'Speech to ranked hits' },
  { name: 'live', description: 'Live sessions over WebSockets' },
  { name: 'feedback', description: 'Feedback on answers' },
  { name: 'collection', description: 'Deletion of collected clips' },
  { name: 'models', description: 'Served models' },
  { name: 'labelling', description: 'What the pages /label and /clips use' },
  { name: 'operations', description: 'Health, metrics and drift' },
]

const DESCRIPTION = 'Speech recognition for voice search. Every error has the same form; clients program against its '
  + '`code`. A method that an address does not have gets 405 with the header `allow`, an unknown address 404. Broken '
  + 'HTTP gets 400, a header that does not arrive in time 408, and one of more than 16 KiB 431.'

const SECURITY_SCHEMES = {
  [SECURITY_SCHEME]: {
    type: 'http', scheme: 'bearer', description: 'An access key, which the operator of the service hands out.',
  },
} as const

/** Call it before any route is added. Without access keys, the document has neither them nor their errors. */
export async function documentation(app: FastifyInstance, version: string, hasKeys: boolean): Promise<void> {
  const routes = new Map<string, RouteFacts>()
  app.addHook('onRoute', (route) => { for (const key of keysOf(route)) routes.set(key, factsOf(route, hasKeys)) })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Earshot', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: './', description: 'This service' }],
      tags: TAGS,
      components: {
        schemas: { ...NAMED_SCHEMAS },
        ...hasKeys && { securitySchemes: SECURITY_SCHEMES },
      },
    },
    stripBasePath: false, // it has no path of its own
    convertConstToEnum: false,
    transformObject: (documents) => completeDocument(documents as { openapiObject: Json }, routes),
  })
  await app.register(docsPage)
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async () => app.swagger())
}

/** As in the document: `get /v1/models/{id}`. */
function keysOf({ method, url }: RouteOptions): string[] {
  return [method].flat().map((one) => `${one.toLowerCase()} ${url.replace(/:(\w+)/g, '{$1}')}`)
}

function factsOf({ url, config }: RouteOptions, hasKeys: boolean): RouteFacts {
  const { access = 'admin', answers = {}, form } = config ?? {}
  return { access: hasKeys ? access : 'open', answers, form, isProbe: url === '/healthz' || url === '/readyz' }
}

function completeDocument(
  { openapiObject: document }: { readonly openapiObject: Json }, routes: ReadonlyMap<string, RouteFacts>,
): object {
  const errors = new ErrorComponents()
  const given = document.components as { readonly schemas: Json; readonly securitySchemes?: Json }
  const complete = Object.entries(document.paths as Record<string, Record<string, Json>>).map(([path, methods]) =>
    [path, Object.fromEntries(Object.entries(methods).map(([method, operation]) => {
      const facts = routes.get(`${method} ${path}`)
      if (facts === undefined) throw new Error(`the document has an unknown route: ${method} ${path}`)
      const responses = responsesOf(operation.responses as Json, facts, errors)
      return [method, { ...withForm(operation, facts), responses }]
    }))])
  const { schemas, paths } = referToSchemas(given.schemas, withBinaries(Object.fromEntries(complete)) as Json)
  const parameters = referToParameters(paths)
  const used = JSON.stringify(Object.values(paths))
  return {
    ...document,
    tags: TAGS.filter(({ name }) => used.includes(`"tags":["${name}"]`)),
    paths,
    components: {
      schemas, parameters, headers: HEADERS, responses: errors.responses, examples: errors.examples,
      ...given.securitySchemes !== undefined && { securitySchemes: given.securitySchemes },
    },
  }
}

function withForm(operation: Json, { form }: RouteFacts): Json {
  if (form === undefined) return operation
  const { content, ...rest } = operation.requestBody as { readonly content: Json }
  return {
    ...operation,
    requestBody: { ...rest, content: { ...content, 'multipart/form-data': { schema: { ...form } } } },
  }
}

/**
 * Bodies that a route reads itself have a media type alone: with a type, Fastify would check what it has not read. The
 * document says that they are strings of bytes, as generators and Swagger UI expect.
 */
function withBinaries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBinaries)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withBinaries(part)]))
  return copy.contentMediaType === BINARY ? { type: 'string', format: 'binary', ...copy } : copy
}
