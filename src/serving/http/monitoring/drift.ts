/** GET /v1/drift, the page at /drift that draws it, and the page at /runbook that alerts link to. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { AppDependencies } from '../dependencies.js'
import { servePage } from '../pages/pages.js'
import { DriftReply } from './drift-schemas.js'

export const drift: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, dependencies) => {
  const { drift, telemetry, config } = dependencies
  // Clips of a manifest have no time, so that no alarm leads to them.
  const labelling = dependencies.labelling !== undefined && config.labelClips === undefined
  scope.get('/v1/drift', {
    config: { access: 'metrics', answers: { headers: ['cache-control'] } },
    schema: {
      operationId: 'getDrift',
      summary: 'Inputs and outputs against the baseline, and the traffic of the last hour; /drift draws it',
      tags: ['operations'],
      response: { 200: DriftReply },
    },
  }, async (_request, reply) => {
    const snapshot = drift.snapshot()
    const traffic = telemetry.recent.snapshot()
    const compared = snapshot ?? { baseline: null, reason: drift.reason ?? 'nothing has been compared yet' }
    return reply.header('cache-control', 'no-store').send({ ...compared, traffic, labelling })
  })
  servePage(scope, 'drift')
  servePage(scope, 'runbook')
}
