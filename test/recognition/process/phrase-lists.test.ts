/** The lists of one recognition process: compiled for each of its models, found by id, forgotten. */
import t from 'tap'
import type { CompiledPhrases } from '../../../src/recognition/decoding/beam-contract.js'
import type { PhraseList } from '../../../src/domain/phrases.js'
import type { Recognizer } from '../../../src/recognition/recognizer.js'
import { runToCompletion } from '../../../src/domain/interruptible-work.js'
import { CompiledListCache } from '../../../src/recognition/process/phrase-lists.js'
import { REQUEST_DEFAULTS } from '../../../src/domain/request.js'
import type { WorkerJob } from '../../../src/domain/worker-protocol.js'

const LIST: PhraseList = {
  id: 'shop@1',
  phrases: ['a', 'b', 'c'].map((spelling) => ({ spellings: [spelling], weight: 1 })),
}
const job = (extra: Partial<WorkerJob>): WorkerJob => ({
  audio: new Uint8Array(),
  model: 'm',
  remainingSeconds: 1,
  ...REQUEST_DEFAULTS,
  ...extra,
})

/** A model that cannot spell some, and counts what it compiles. */
function makeModel(unspellable: number[]): { model: Recognizer; compiled: string[] } {
  const compiled: string[] = []
  const compilePhrases = function* ({ id }: PhraseList): Generator<undefined, CompiledPhrases> {
    yield
    compiled.push(id)
    return { id, unspellable } as unknown as CompiledPhrases
  }
  return { model: { compilePhrases } as unknown as Recognizer, compiled }
}

t.test('a list is compiled once for each model, and only what none can spell is reported', (t) => {
  const [small, large] = [makeModel([0, 2]), makeModel([1, 2])]
  const lists = new CompiledListCache([small.model, large.model])
  t.same(runToCompletion(lists.take(LIST)), [2])
  const options = lists.beamRequestOf(job({ phrases: 'shop@1', nBest: 3, biasStrength: 2 }))!(large.model)
  t.match(options, {
    phrases: { id: 'shop@1', unspellable: [1, 2] },
    nBest: 3,
    strength: 2 * lists.beamRequestOf(job({ phrases: 'shop@1', biasStrength: 1 }))!(large.model).strength,
  })
  t.same([small.compiled, large.compiled], [['shop@1'], ['shop@1']])
  t.end()
})

t.test('a list of the request is compiled for its model alone, and no other request can name it', (t) => {
  const { model, compiled } = makeModel([])
  const lists = new CompiledListCache([model])
  const wish = lists.beamRequestOf(job({ phrases: LIST }))!
  for (const time of ['first', 'again']) t.match(wish(model).phrases, { id: 'shop@1' }, time)
  t.same(compiled, ['shop@1'], 'once, however often the clip is heard')
  t.throws(() => lists.beamRequestOf(job({ phrases: 'shop@1' })), { code: 'CATALOGUE_NOT_FOUND' })
  t.end()
})

t.test('the lists of the newest requests are remembered, and no more than so many', (t) => {
  const { model, compiled } = makeModel([])
  const lists = new CompiledListCache([model])
  const hear = (id: string): unknown => lists.beamRequestOf(job({ phrases: { ...LIST, id } }))!(model)
  const ids = Array.from({ length: 17 }, (_, index) => `list ${index}`)
  ids.slice(0, 16).forEach(hear)
  hear('list 0')
  t.equal(compiled.length, 16, 'the first one is still there')
  hear('list 16')
  hear('list 0')
  t.equal(compiled.length, 17, 'what was asked for again stays longest')
  hear('list 1')
  t.equal(compiled.length, 18)
  t.end()
})

t.test('what is forgotten is an error to name, and no phrases are none', (t) => {
  const { model } = makeModel([])
  const lists = new CompiledListCache([model])
  runToCompletion(lists.take(LIST))
  lists.forget('shop@1')
  t.throws(() => lists.beamRequestOf(job({ phrases: 'shop@1' })), { code: 'CATALOGUE_NOT_FOUND' })
  t.equal(lists.beamRequestOf(job({})), undefined)
  t.match(
    lists.beamRequestOf(job({ nBest: 4 }))!(model),
    { phrases: undefined, nBest: 4 },
    'readings alone are a wish too',
  )
  t.end()
})

t.test('a model without biasing accepts every list and decodes as without one', (t) => {
  const model = {} as Recognizer
  const lists = new CompiledListCache([model])
  t.same(runToCompletion(lists.take(LIST)), [])
  t.equal(lists.beamRequestOf(job({ phrases: 'shop@1' }))!(model).phrases, undefined)
  t.end()
})
