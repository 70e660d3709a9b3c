/** GET /healthz, /readyz, /metrics: answered by the server process alone, whatever the workers do. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { acceptsGzip } from '../connections/content-encoding.js'
import type { AppDependencies } from '../dependencies.js'
import { Health, Readiness } from './operations-schemas.js'

const METRICS_EXAMPLE = `# HELP asr_requests_total Recognition requests by their outcome.
# TYPE asr_requests_total counter
asr_requests_total{outcome="ok"} 12
`

/** In the thread pool: health and metrics answer while a scrape is compressed. */
const compress = promisify(gzip)

export const operations: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  const { pool, uploads, telemetry, catalogues } = dependencies
  const missingWhenReady = (): string => {
    const { awaited } = catalogues
    return awaited.length > 0 ? `catalogues are being loaded: ${awaited.join(', ')}` : ''
  }
  scope.get('/healthz', {
    config: { access: 'open' },
    schema: {
      operationId: 'getHealth',
      summary: 'Whether the process is alive',
      tags: ['operations'],
      response: { 200: Health },
    },
  }, async () => ({ status: 'ok' as const }))

  scope.get('/readyz', {
    config: { access: 'open' },
    schema: {
      operationId: 'getReadiness',
      summary: 'Whether every worker has recognized a real clip since it was loaded',
      tags: ['operations'],
      response: { 200: Readiness, 503: Readiness },
    },
  }, async (_request, reply) => {
    const workers = pool.readiness()
    const missing = uploads.isDraining ? 'the service is shutting down'
      : workers.ready ? missingWhenReady() || workers.missing : workers.missing
    const readiness = { ...workers, ready: workers.ready && missing === '', missing }
    return reply.code(readiness.ready ? 200 : 503).send(readiness)
  })

  scope.get('/metrics', {
    config: {
      access: 'metrics',
      answers: {
        description: 'The metrics of the service and of Node.',
        content: { 'text/plain': { schema: Type.String(), examples: { metrics: METRICS_EXAMPLE } } },
      },
    },
    schema: { operationId: 'getMetrics', summary: 'Prometheus metrics', tags: ['operations'] },
  }, async (request, reply) => {
    const exposition = await telemetry.exposition()
    void reply.type(telemetry.contentType).header('vary', 'accept-encoding')
    if (!acceptsGzip(request.headers['accept-encoding'])) return reply.send(exposition)
    return reply.header('content-encoding', 'gzip').send(await compress(exposition))
  })
}
