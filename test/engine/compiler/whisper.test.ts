/**
 * Whisper compiled, on its real weights where they are installed: the right words, and the distance to the published
 * graphs. Whole windows are compared by the signal-to-noise ratio of the keys and values of cross-attention; shorter
 * clips, which the published graphs do not accept, by their words.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import tap from 'tap'
import { keyValuesOf } from '../../../fixtures/kit/encoder-memory.js'
import { compiledGraph } from '../../../src/engine/compiler/cache.js'
import type { GraphKind } from '../../../src/engine/compiler/compile.js'
import { logMelExtractor, type LogMelSettings } from '../../../src/recognition/features/log-mel.js'
import { encoderDecoderOf, openModelFiles, readManifest, type Manifest } from '../../../src/engine/manifest.js'
import { loadRecognizer } from '../../../src/recognition/recognizer.js'
import { allowOnly } from '../../../src/engine/runtime/greedy-graph.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import type { Clip } from '../../../src/domain/audio.js'
import { recognize } from '../../recognition/families/recognizer-contract.js'
import { decodeAlone, runAlone, sequenceOf } from './greedy-masks.js'
import {
  borrowModel,
  clipOf,
  checkWordTimes,
  open,
  openCompiled,
  openGreedyModel,
  publishedMemory,
  signalToNoiseDb,
} from './real-model.js'

/** It is compiled several times. */
tap.setTimeout(10 * 60_000)

const NAME = 'whisper-tiny'
const modelsDir = await borrowModel(tap, NAME)
const manifest = await readManifest(modelsDir, NAME)
const isInstalled = Object.values(manifest.files).every((file) => existsSync(path.join(modelsDir, NAME, file.path)))
const skip = isInstalled ? false : `no weights; npm run models -- fetch ${NAME}`
const { startToken, endToken, languageTokens, transcribeToken, noTimestampsToken } = encoderDecoderOf(manifest)
const PROMPT = [startToken, languageTokens?.en, transcribeToken, noTimestampsToken] as [number, number, number, number]

const warmUp = await clipOf('fixtures/clips/warm-up.wav')
const TRANSCRIPT = 'what time does the museum open on sunday'

tap.test('it transcribes clips of every length, and detects the language', { skip }, async (t) => {
  const read = async (kind: GraphKind): Promise<Uint8Array> => {
    const compiled = await compiledGraph(modelsDir, manifest, { matrices: 'unsigned' }, kind)
    if ('reason' in compiled) throw new Error(compiled.reason)
    return compiled.graph
  }
  const recognizer = await loadRecognizer(manifest, openModelFiles(modelsDir, manifest), open, {
    encoder: await read('encoder'),
    greedy: await read('greedy'),
    further: read,
  })
  t.teardown(() => recognizer.dispose())
  t.equal(recognizer.engine, 'compiled')
  const alone = await recognize(recognizer, warmUp, { expectSpeech: true })
  t.equal(plain(alone.text), TRANSCRIPT)
  t.equal(alone.stopped, 'end_of_text')
  t.same(
    await recognize(recognizer, warmUp, { expectSpeech: true, language: 'en' }),
    alone,
    'a detected language gives the result of a requested one',
  )
  checkWordTimes(t, (await recognize(recognizer, warmUp, { language: 'en', words: true })).words)
  for (const seconds of [5, 15, 30]) {
    const { text } = await recognize(recognizer, paddedTo(warmUp, seconds), { language: 'en', expectSpeech: true })
    t.equal(plain(text), TRANSCRIPT, `padded with silence to ${seconds} s`)
  }
})

tap.test('keys and values of a whole window are those of the published graphs', { skip }, async (t) => {
  const features = featuresOf(paddedTo(warmUp, 30), 3_000)
  const reference = await publishedMemory(t, modelsDir, NAME, 'input_features', features)
  const { encode } = await openGreedyModel(t, modelsDir, NAME, 'unsigned')
  // Those that fill up the last multiple are left out.
  const ratioDb = signalToNoiseDb(reference, keyValuesOf(await encode(features), 1_500))
  t.ok(ratioDb > 15, `${ratioDb.toFixed(1)} dB`)
})

tap.test('real numbers of both widths, several runs and single steps all give the same tokens', { skip }, async (t) => {
  const audio = featuresOf(warmUp, 400)
  let exact: Float32Array | undefined
  for (const matrices of ['unsigned', 'real', 'emulated-half'] as const) {
    const { encode, graph } = await openGreedyModel(t, modelsDir, NAME, matrices)
    const { vocabulary } = graph
    const text = Array.from({ length: endToken }, (_, id) => id)
    const masks = { later: allowOnly(vocabulary, [...text, endToken]), first: allowOnly(vocabulary, text) }
    const memory = await encode(audio)
    if (matrices === 'real') exact = keyValuesOf(memory)
    if (matrices === 'emulated-half') {
      const ratioDb = signalToNoiseDb(exact!, keyValuesOf(memory))
      t.ok(ratioDb > 40, `float16 to exact ${ratioDb.toFixed(1)} dB`)
    }
    const { tokens } = await decodeAlone(graph, memory, PROMPT, 30, masks)
    t.equal(tokens.at(-1), endToken, matrices)
    const sequence = sequenceOf(memory, PROMPT)
    const inRuns: number[] = []
    while (inRuns.at(-1) !== endToken && inRuns.length < 30) {
      inRuns.push(...(await runAlone(graph, sequence, 3, masks)).tokens)
    }
    t.same(inRuns, tokens, `${matrices}, three tokens a run`)
    const steps = stepGraph(await openCompiled(t, modelsDir, NAME, matrices, 'steps'))
    const beamSearch = steps.start(memory, PROMPT)
    const found: (number | undefined)[] = []
    for (const token of [...PROMPT.slice(-1), ...tokens.slice(0, -1)]) {
      const { tokens: [best] } = await beamSearch.step([{ parent: 0, token }], [], 1)
      found.push(best)
    }
    t.same(found, tokens, `${matrices}, single steps`)
  }
})

function paddedTo({ waveform: { samples, sampleRate } }: Clip, seconds: number): Clip {
  const longer = new Float32Array(seconds * sampleRate)
  longer.set(samples)
  return { waveform: { samples: longer, sampleRate }, startSeconds: 0, endSeconds: seconds }
}

/** [1, bins, frames] */
function featuresOf({ waveform }: Clip, frames: number): Tensor {
  const { data, bins } = logMelExtractor(manifest.frontEnd as Manifest['frontEnd'] & LogMelSettings)(
    waveform.samples,
    frames,
  )
  const channelsFirst = Float32Array.from(data, (_, index) => data[index % frames * bins + Math.floor(index / frames)]!)
  return new Tensor('float32', channelsFirst, [1, bins, frames])
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z ]/g, '').trim()
}
