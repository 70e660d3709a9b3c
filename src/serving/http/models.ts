/** GET /v1/models and /v1/models/:id: served models, their execution provider, and why not another one. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { SpeechError } from '../../domain/errors.js'
import { acceptedLanguages, type AppDependencies, type ServedModel } from './dependencies.js'
import { ModelDetailReply, ModelListReply, type ModelReply } from './schemas.js'

export const models: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, { config, pool, models: served }) => {
  const startedAt = Math.floor(Date.now() / 1000)

  function describe(model: ServedModel): ModelReply {
    const loaded = pool.models.find(({ name }) => name === model.name)
    const { name, source, cascade, card: _card, ...rest } = model
    const isDefault = model === served[0]
    return {
      ...rest,
      id: name,
      object: 'model',
      created: startedAt,
      owned_by: source,
      isDefault,
      aliases: isDefault ? [...config.modelAliases] : [],
      languages: acceptedLanguages(model),
      cascade: cascade?.model ?? null,
      provider: loaded?.provider.provider ?? null,
      engine: loaded?.engine.engine ?? null,
      refusedProviders: [...loaded?.provider.refused ?? []],
    }
  }

  scope.get('/v1/models', {
    config: { access: 'any' },
    schema: {
      operationId: 'listModels',
      summary: 'List the served models',
      tags: ['models'],
      response: { 200: ModelListReply },
    },
  }, async () => ({ object: 'list' as const, data: served.map(describe) }))

  scope.get('/v1/models/:id', {
    config: { access: 'any', answers: { errors: ['MODEL_NOT_FOUND'] } },
    schema: {
      operationId: 'getModel',
      summary: 'Describe a served model',
      tags: ['models'],
      params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
      response: { 200: ModelDetailReply },
    },
  }, async ({ params }) => {
    const model = served.find(({ name }) => name === params.id)
      ?? (config.modelAliases.includes(params.id) ? served[0] : undefined)
    if (model === undefined) throw new SpeechError('MODEL_NOT_FOUND', `"${params.id}"`, { parameter: 'model' })
    return { ...describe(model), card: model.card }
  })
}
