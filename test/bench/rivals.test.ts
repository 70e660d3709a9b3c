/** What the bench `rivals` makes of times and texts, and what it hands to rivals. */
import path from 'node:path'
import t from 'tap'
import { medianInterval } from '../../fixtures/kit/bootstrap.js'
import type { SpeechClip } from '../../bench/harness/clips.js'
import { NotHere, requireFirst } from '../../bench/rivals/adapter.js'
import { hubDescriptions } from '../../bench/rivals/hub-folder.js'
import { compareTimes, judge, repeatsItself, type RivalClip, type Target } from '../../bench/rivals/ratios.js'
import { tokenBytes } from '../../bench/rivals/sherpa.js'
import {
  lengthCells, lengthHead, LENGTHS, rivalRows, sourceCells, sourceHead, verdictCells, verdictHead,
} from '../../bench/rivals/tables.js'
import { rotated } from '../../bench/rivals/turns.js'
import { scoreClip } from '../../bench/harness/scoring.js'
import { median, seededRandom } from '../../fixtures/kit/statistics.js'
import { encoderDecoderOf, readManifest } from '../../src/engine/manifest.js'
import { projectRoot } from '../../src/domain/project-root.js'

const random = seededRandom(5)

/** Clips of two sources and four speakers, shorter and longer than five seconds. */
const clips: SpeechClip[] = Array.from({ length: 40 }, (_, index) => ({
  file: `clip-${index}`, text: 'turn on the light', seconds: 0.5 + 9 * random(), speaker: `speaker ${index % 4}`,
  source: index < 24 ? 'commands' : 'books',
}))

/** What a contender makes of them that takes `factor` times the time of the audio, with some chance. */
function contend(factor: number, chance = 0.2): RivalClip[] {
  return clips.map((clip) => {
    const latencyMs = clip.seconds * 10 * factor * (1 + chance * random())
    return { ...scoreClip(clip, 'turn on the light', clip.seconds, latencyMs), cpuMs: latencyMs, peakBytes: 1e8 }
  })
}

/** The same times, all multiplied. */
function slowed(own: readonly RivalClip[], factor: number): RivalClip[] {
  return own.map((clip) => ({ ...clip, latencyMs: clip.latencyMs * factor, cpuMs: clip.cpuMs * factor }))
}

t.test('a contender is exactly as fast as itself, and a slower one is slower by what it is', async (t) => {
  const own = contend(1)
  const same = compareTimes(own, own, 'latencyMs')
  t.same([same.median, same.lowQuartile, same.highQuartile, same.interval.low, same.interval.high], [1, 1, 1, 1, 1])
  t.equal(same.pairs, clips.length)
  const triple = compareTimes(slowed(own, 3), own, 'cpuMs')
  t.ok(Math.abs(triple.median - 3) < 1e-9)
})

t.test('a minute in which the machine is slow for all changes no ratio, though it changes every median', async (t) => {
  const [ours, theirs] = [contend(0.3), contend(1)]
  const busy = (own: readonly RivalClip[]): RivalClip[] =>
    own.map((clip, index) => slowed([clip], index % 3 === 0 ? 4 : 1)[0]!)
  const [calm, disturbed] = [
    compareTimes(ours, theirs, 'latencyMs'), compareTimes(busy(ours), busy(theirs), 'latencyMs'),
  ]
  t.ok(Math.abs(calm.median - disturbed.median) < 1e-9)
  t.not(median(ours.map(({ latencyMs }) => latencyMs)), median(busy(ours).map(({ latencyMs }) => latencyMs)))
})

t.test('times of different clips are not compared', async (t) => {
  const own = contend(1)
  t.throws(() => compareTimes(own, own.toReversed(), 'latencyMs'), /not the same/)
  t.throws(() => compareTimes(own, own.slice(1), 'latencyMs'), /not the same/)
})

t.test('the interval of a ratio holds the ratio, repeats itself, and narrows when nothing varies', async (t) => {
  const ratio = compareTimes(contend(0.3, 1), contend(1, 1), 'latencyMs')
  t.ok(ratio.interval.low <= ratio.median && ratio.median <= ratio.interval.high)
  t.ok(ratio.lowQuartile <= ratio.median && ratio.median <= ratio.highQuartile)
  t.ok(ratio.interval.low < ratio.interval.high)
  t.equal(ratio.resampledBy, 'speaker')
  const groups = [[1, 2, 3], [2, 3, 9], [4]]
  t.same(medianInterval(groups), medianInterval(groups))
  t.same(medianInterval([[2], [2], [2]]), { low: 2, high: 2 })
})

t.test('every clip of a contender is in one row, short ones first, with the words of its source', async (t) => {
  const results = new Map([['earshot', contend(0.3)], ['transformers.js', contend(1)]])
  const rows = rivalRows(results, 'transformers.js', ({ clip }) => clip.source)
  for (const contender of results.keys()) {
    const own = rows.filter((row) => row.contender === contender)
    t.equal(own.reduce((sum, row) => sum + row.clips, 0), clips.length)
    t.same(own.map(({ source, length }) => [source, length]), [
      ['commands', LENGTHS[0]], ['commands', LENGTHS[1]], ['books', LENGTHS[0]], ['books', LENGTHS[1]],
    ])
  }
  t.ok(rows.filter(({ contender }) => contender === 'earshot').every(({ ratio }) => ratio!.median < 0.5))
  t.ok(rows.filter(({ contender }) => contender === 'transformers.js').every(({ ratio }) => ratio!.median === 1))
  t.ok(rows.every(({ wer, medianMs, p95Ms }) => wer === 0 && medianMs <= p95Ms))
  t.ok(sourceCells(rows).every((cells) => cells.length === sourceHead.length))
  t.ok(lengthCells(rivalRows(results, 'transformers.js', () => 'all')).every((cells) =>
    cells.length === lengthHead.length))
})

t.test('without the rival that all are measured against there are times, and dashes for ratios', async (t) => {
  const rows = rivalRows(new Map([['earshot', contend(1)]]), 'transformers.js', () => 'all')
  t.ok(rows.length > 0)
  t.ok(rows.every(({ ratio, cpuRatio }) => ratio === null && cpuRatio === null))
  t.ok(lengthCells(rows).every((cells) => cells.includes('-')))
})

t.test('a target looks at clips of its lengths alone', async (t) => {
  const target: Target = { model: 'some-model', against: 'rival', overSeconds: 1, upToSeconds: 5, atMost: 0.5 }
  const theirs = contend(1, 0)
  const ours = theirs.map((clip) => slowed([clip], clip.audioSeconds > 1 && clip.audioSeconds <= 5 ? 0.4 : 2)[0]!)
  const [verdict] = judge('some-model', new Map([['earshot', ours], ['rival', theirs]]), [target])
  t.equal(verdict!.isMet, true)
  t.equal(verdict!.ratio.pairs, clips.filter(({ seconds }) => seconds > 1 && seconds <= 5).length)
  const [missed] = judge('some-model', new Map([['earshot', slowed(ours, 2)], ['rival', theirs]]), [target])
  t.equal(missed!.isMet, false)
  t.ok(verdictCells([verdict!, missed!]).every((cells) => cells.length === verdictHead.length))
  t.same(
    judge('some-model', new Map([['earshot', ours]]), [target]), [],
    'of a rival that did not take part nothing is said',
  )
  t.same(judge('another-model', new Map([['earshot', ours], ['rival', theirs]]), [target]), [])
})

t.test('a loop is what the model repeats, not what a speaker repeats', async (t) => {
  const heard = (hypothesis: string, reference = 'turn on the light'): boolean => repeatsItself({
    reference, hypothesis,
  })
  t.equal(heard('turn on the light'), false)
  t.equal(heard(''), false)
  t.equal(heard('turn on the light the light'), false, 'twice is a slip')
  t.equal(heard('turn on the light the light the light'), true)
  t.equal(heard('no no no'), true)
  t.equal(heard('turn on the light turn on the light turn on the light turn on'), true)
  t.equal(heard('5 5 5', '5 5 5 2'), false)
  for (let length = 1; length <= 10; length++) {
    const phrase = Array.from({ length }, (_, index) => `word${index}`)
    t.equal(heard([...phrase, ...phrase, ...phrase].join(' ')), true)
    t.equal(heard([...phrase, ...phrase].join(' ')), false)
  }
})

t.test('in turns, each contender is first equally often and none is left out', async (t) => {
  const names = ['a', 'b', 'c']
  const turns = Array.from({ length: 9 }, (_, index) => rotated(names, index))
  for (const name of names) t.equal(turns.filter(([first]) => first === name).length, 3)
  t.ok(turns.every((turn) => new Set(turn).size === names.length))
})

t.test('a rival that is not installed is a sentence that says what to do', async (t) => {
  let thrown: unknown
  try { requireFirst(['no-such-recognizer'], projectRoot) } catch (reason) { thrown = reason }
  t.ok(thrown instanceof NotHere)
  t.match((thrown as Error).message, /no-such-recognizer is not installed .*--from/)
  t.match(requireFirst(['no-such-recognizer', 'llama-tokenizer-js'], projectRoot).version, /^llama-tokenizer-js \d/)
})

t.test('tokens for sherpa-onnx are bytes: a piece for a byte is that byte', async (t) => {
  t.same([...tokenBytes('<0xC3>'), ...tokenBytes('<0xA9>')], [...Buffer.from('é')])
  t.equal(tokenBytes('▁light').toString(), '▁light')
})

t.test('transformers.js is told the tokens of our manifests', async (t) => {
  for (const name of ['moonshine-tiny-en', 'whisper-tiny', 'whisper-base']) {
    const manifest = await readManifest(path.join(projectRoot, 'models'), name)
    const described = hubDescriptions(manifest)
    t.match(described['generation_config.json'], {
      decoder_start_token_id: encoderDecoderOf(manifest).startToken, eos_token_id: encoderDecoderOf(manifest).endToken,
    })
    t.match(described['config.json'], { model_type: manifest.family })
  }
  const unknown = { ...await readManifest(path.join(projectRoot, 'models'), 'whisper-tiny'), name: 'whisper-enormous' }
  t.throws(() => hubDescriptions(unknown), /whisper-enormous/)
})
