/** /openapi.json and a page at /docs, both made from the schemas of the routes; open, since they hold no data. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { declareAccess, SECURITY_SCHEME } from './access.js'

/** The page's style sheet has inline images, and its script sets styles. */
const POLICY = {
  'default-src': '\'self\'',
  'img-src': ['\'self\'', 'data:'],
  'style-src': ['\'self\'', '\'unsafe-inline\''],
  'base-uri': '\'none\'',
  'form-action': '\'none\'',
  'frame-ancestors': '\'none\'',
}

export async function documentation(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Earshot',
        version,
        description: 'Speech recognition for voice search. [Drift and traffic](/drift) on a page.',
        license: { name: 'MIT' },
      },
      tags: [
        { name: 'transcription', description: 'Speech to text' },
        { name: 'search', description: 'Speech to ranked hits' },
        { name: 'feedback', description: 'Feedback on answers' },
        { name: 'models', description: 'Served models' },
        { name: 'operations', description: 'Health and metrics' },
      ],
      components: {
        securitySchemes: {
          [SECURITY_SCHEME]: { type: 'http', scheme: 'bearer', description: 'An access key of the service.' },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
  await app.register(async (scope) => {
    declareAccess(scope, 'open')
    await scope.register(swaggerUi, { routePrefix: '/docs', staticCSP: POLICY })
  })
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async () => app.swagger())
}
