/** GET /v1/models and /v1/models/:id. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import type { ModelCard } from '../../../src/domain/model-card.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { buildApp } from '../../../src/serving/http/app.js'
import { setUp } from './fake-service.js'

const card = JSON.parse(
  readFileSync(path.join(projectRoot, 'models/moonshine-tiny-en/card.json'), 'utf8'),
) as ModelCard

t.test('the card of a model is shown with the model alone, complete, and null without a file', async (t) => {
  const { dependencies } = await setUp(t)
  const [first, ...others] = dependencies.models
  const app = await buildApp({ ...dependencies, models: [{ ...first!, card }, ...others] }, '0')
  t.teardown(() => app.close())
  const get = async (url: string): Promise<any> => (await app.inject(url)).json()
  const shown = await get('/v1/models/moonshine-tiny-en')
  t.same(shown.card, card)
  t.match(shown, { id: 'moonshine-tiny-en', object: 'model', owned_by: 'local', isDefault: true })
  t.same((await get('/v1/models/whisper-tiny')).card, null)
  const { data } = await get('/v1/models')
  t.same(data.map((model: object) => 'card' in model), [false, false])
  t.same({ ...data[0], card }, shown, 'all other fields are equal')
})
