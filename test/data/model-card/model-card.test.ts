/** Rates and weaknesses by hand, what a card may hold, and the card of the default model. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { costOf, percentText, weaknessesOf, wordErrorRates } from '../../../src/data/model-card/figures.js'
import { cardMarkdown } from '../../../src/data/model-card/markdown.js'
import { measuredClip, type MeasuredClip } from '../../../src/data/model-card/measured-clip.js'
import { parseModelCard, readModelCard, type ModelCard } from '../../../src/domain/model-card.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { modelDigest, readManifest } from '../../../src/engine/manifest.js'
import { REPORT } from '../../serving/http/fake-service.js'

const modelsDir = path.join(projectRoot, 'models')
const NAME = 'moonshine-tiny-en'
const described = { name: NAME, digest: modelDigest(await readManifest(modelsDir, NAME)) }
const text = readFileSync(path.join(modelsDir, NAME, 'card.json'), 'utf8')

function clip(index: number, source: string, said: string): MeasuredClip {
  const labelled = { text: 'one two three four', source, speaker: `${source} ${index % 10}`, tags: ['all', source] }
  return measuredClip(labelled, { ...REPORT, text: said }, 0.1 + index / 1000)
}

const right = Array.from({ length: 60 }, (_, index) => clip(index, 'quiet', 'one two three four'))
const half = Array.from({ length: 30 }, (_, index) =>
  clip(index, 'loud', index % 2 === 0 ? 'one two' : 'one two three floor'))

t.test('rates are counted by hand, of all clips and of each source, and what is worse is a weakness', async (t) => {
  const rates = wordErrorRates([...right, ...half])
  const errors = 15 * 2 + 15
  t.match(rates.all, { clips: 90, words: 360, speakers: 20, percent: 100 * errors / 360, drawnBy: 'speaker' })
  t.ok(rates.all.low! < rates.all.percent && rates.all.high! > rates.all.percent)
  const bySource = rates.slices.filter(({ kind }) => kind === 'source')
  t.match(bySource, [
    { name: 'loud', clips: 30, words: 120, percent: 37.5 },
    { name: 'quiet', clips: 60, words: 240, percent: 0, low: 0, high: 100 * 3.69 / 240 },
  ])
  t.notOk(rates.slices.some(({ kind }) => kind === 'speaker'), 'speakers are not published')
  t.same(weaknessesOf(rates).map((one) => one.split(':')[0]), ['source loud', 'tag loud'])
  t.match(percentText({ percent: 12.34, low: 10, high: 15.06 }), '12.3 % (10.0 to 15.1)')
  t.equal(percentText({ percent: 12.34, low: null, high: null }), '12.3 %')
})

t.test('a tag of one of several speakers is no slice, one of the only speaker of a source is', async (t) => {
  const tagged = [...right, ...half].map((one, index): MeasuredClip => ({
    ...one, tags: one.speaker === 'loud 3' ? ['age=23'] : [index % 2 === 0 ? 'even' : 'odd'],
  }))
  const alone = right.map((one): MeasuredClip => ({ ...one, source: 'studio', speaker: 'one', tags: ['studio'] }))
  const { slices } = wordErrorRates([...tagged, ...alone])
  t.same(slices.filter(({ kind }) => kind === 'tag').map(({ name }) => name).sort(), ['even', 'odd', 'studio'])
})

t.test('clips of a collection count as often as they stand for', async (t) => {
  const drawn = half.map((one): MeasuredClip => ({ ...one, weight: 1 }))
  const rates = wordErrorRates([...right.map((one): MeasuredClip => ({ ...one, weight: 10 })), ...drawn])
  t.match(rates.all, { clips: 90, words: 360, percent: 100 * 45 / (10 * 240 + 120) })
  t.ok(rates.all.high! < wordErrorRates([...right, ...half]).all.percent)
})

t.test('one clip has a rate and no interval', async (t) => {
  t.match(wordErrorRates(half.slice(0, 1)).all, { percent: 50, low: null, high: null, drawnBy: 'clip' })
})

t.test('cost is that of the audio', async (t) => {
  const cost = costOf(right, 6, 1_000)
  t.equal(cost.processorSecondsPerAudioSecond, 6 / (60 * REPORT.input.audioSeconds))
  t.ok(Math.abs(cost.medianSeconds - 0.1295) < 1e-9)
  t.match(costOf(right, null, null), { processorSecondsPerAudioSecond: null, peakResidentBytes: null })
})

t.test('the card of the default model is valid, of these weights, and names no path', async (t) => {
  const card = readModelCard(modelsDir, described)!
  t.match(card, { model: described, data: [{ name: 'speech', clips: 376 }, { name: 'speech-more', clips: 446 }] })
  t.equal(card.wordErrorRate.all.clips, card.data.reduce((sum, { clips }) => sum + clips, 0))
  t.ok(card.calibration !== null && card.limits.weaknesses.length > 0 && card.cost.processorSecondsPerAudioSecond! > 0)
  const bySource = card.wordErrorRate.slices.filter(({ kind }) => kind === 'source')
  t.equal(bySource.reduce((sum, { words }) => sum + words, 0), card.wordErrorRate.all.words)
  t.notMatch(text, /\/(work|home|tmp|root|shared)\b|\.wav/)
})

t.test('Markdown has the sections of the paper, every slice and every weakness', async (t) => {
  const card = readModelCard(modelsDir, described)!
  const written = cardMarkdown(card)
  t.same([...written.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading), [
    'Model details', 'Intended use', 'Factors', 'Metrics', 'Evaluation data', 'Training data', 'Quantitative analyses',
    'Limits and weaknesses', 'Ethical considerations, caveats and recommendations', 'Measure it again',
  ])
  for (const { name } of card.wordErrorRate.slices) t.ok(written.includes(`| ${name} | `), name)
  for (const weakness of card.limits.weaknesses) t.ok(written.includes(weakness), weakness)
  t.match(cardMarkdown({ ...card, calibration: null }), /no calibrated confidence/)
})

t.test('a file that is no card of these weights is refused with the place of the fault', async (t) => {
  const changed = (change: (card: ModelCard) => unknown): string =>
    JSON.stringify(change(JSON.parse(text) as ModelCard))
  const cases: [string, RegExp][] = [
    ['{', /not JSON/],
    ['[]', /here: /],
    [changed((card) => ({ ...card, format: 'earshot-model-card/9' })), /\/format/],
    [changed((card) => ({ ...card, data: [{ ...card.data[0], clips: -1 }] })), /\/data\/0\/clips/],
    [changed((card) => ({ ...card, model: { ...card.model, digest: '000000000000' } })), /describes .*000000000000/],
    [changed((card) => ({ ...card, model: { ...card.model, name: 'other' } })), /describes other/],
  ]
  for (const [wrong, message] of cases) {
    t.throws(() => parseModelCard(wrong, 'here', described), { code: 'MODEL_CARD_INVALID', message }, String(message))
  }
  const folder = t.testdir({ [NAME]: { 'card.json': `"${'x'.repeat(300_000)}"` }, other: { 'card.json': {} } })
  t.throws(() => readModelCard(folder, described), { code: 'MODEL_CARD_INVALID', message: /larger than/ })
  t.throws(() => readModelCard(folder, { ...described, name: 'other' }), {
    code: 'MODEL_CARD_INVALID', message: /not a regular file|EISDIR/,
  })
  t.equal(readModelCard(folder, { ...described, name: 'without' }), null)
})
