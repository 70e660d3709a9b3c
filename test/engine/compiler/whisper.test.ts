/**
 * Whisper compiled, on its real weights where they are: the right words, and how far it is from the published graphs.
 * Whole windows are compared by the signal-to-noise ratio of what the decoder remembers of them; short ones, which the
 * published graphs cannot hear, by their words.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import tap from 'tap'
import { compiledGraph } from '../../../src/engine/compiler/cache.js'
import { logMelExtractor, type LogMelSettings } from '../../../src/recognition/features/log-mel.js'
import { encoderDecoderOf, openModelFiles, readManifest, type Manifest } from '../../../src/engine/manifest.js'
import { loadRecognizer } from '../../../src/recognition/recognizer.js'
import { allowOnly, forbid, greedyGraph, type Audio } from '../../../src/engine/runtime/greedy-graph.js'
import { Tensor } from '../../../src/engine/runtime/session.js'
import { stepGraph } from '../../../src/engine/runtime/step-graph.js'
import type { Clip } from '../../../src/domain/audio.js'
import { recognize } from '../../recognition/families/recognizer-contract.js'
import { borrowModel, clipOf, liesWhereItWasSaid, open, openCompiled, publishedMemory, signalToNoiseDb } from './real-model.js'

/** It is compiled several times. */
tap.setTimeout(10 * 60_000)

const NAME = 'whisper-tiny'
const modelsDir = await borrowModel(tap, NAME)
const manifest = await readManifest(modelsDir, NAME)
const there = Object.values(manifest.files).every((file) => existsSync(path.join(modelsDir, NAME, file.path)))
const skip = there ? false : `no weights; npm run models -- fetch ${NAME}`
const { startToken, endToken, languageTokens, transcribeToken, noTimestampsToken } = encoderDecoderOf(manifest)
const PROMPT = [startToken, languageTokens!.en!, transcribeToken!, noTimestampsToken!]

const warmUp = await clipOf('fixtures/clips/warm-up.wav')
const SAID = 'what time does the museum open on sunday'

tap.test('it says what was said, of clips of every length, and finds out the language', { skip }, async (t) => {
  const read = async (entrance: 'greedy' | 'align' | 'steps'): Promise<Uint8Array> => {
    const compiled = await compiledGraph(modelsDir, manifest, { matrices: 'unsigned' }, entrance)
    if ('reason' in compiled) throw new Error(compiled.reason)
    return compiled.graph
  }
  const recognizer = await loadRecognizer(manifest, openModelFiles(modelsDir, manifest), open, { greedy: await read('greedy'), further: read })
  t.teardown(() => recognizer.dispose())
  t.equal(recognizer.engine, 'compiled')
  const alone = await recognize(recognizer, warmUp, { expectSpeech: true })
  t.equal(plain(alone.text), SAID)
  t.equal(alone.stopped, 'end_of_text')
  t.same(await recognize(recognizer, warmUp, { expectSpeech: true, language: 'en' }), alone, 'a detected language is as good as one asked for')
  liesWhereItWasSaid(t, (await recognize(recognizer, warmUp, { language: 'en', words: true })).words!)
  for (const seconds of [5, 15, 30]) {
    const { text } = await recognize(recognizer, filledTo(warmUp, seconds), { language: 'en', expectSpeech: true })
    t.equal(plain(text), SAID, `with silence behind it, ${seconds} s`)
  }
})

tap.test('what it remembers of a whole window is what the published graphs remember', { skip }, async (t) => {
  const heard = featuresOf(filledTo(warmUp, 30), 3_000)
  const reference = await publishedMemory(t, modelsDir, NAME, 'input_features', heard)
  const memory = await greedyGraph(await openCompiled(t, modelsDir, NAME, 'unsigned')).start(audioOf(heard)).encode()
  t.ok(signalToNoiseDb(reference, memory.data as Float32Array) > 15, `${signalToNoiseDb(reference, memory.data as Float32Array).toFixed(1)} dB`)
})

tap.test('real numbers say it too, one run says what several say, and single steps say what the loop says', { skip }, async (t) => {
  const audio = audioOf(featuresOf(warmUp, 400))
  for (const matrices of ['unsigned', 'real'] as const) {
    const { vocabulary, start } = greedyGraph(await openCompiled(t, modelsDir, NAME, matrices))
    const masks = { always: allowOnly(vocabulary, Array.from({ length: endToken + 1 }, (_, id) => id)), first: forbid(vocabulary, [endToken]) }
    const { tokens } = await start(audio).choosing(masks)(PROMPT, 30)
    t.equal(tokens.at(-1), endToken, matrices)
    const run = start(audio).choosing(masks)
    const inPieces: number[] = []
    while (inPieces.at(-1) !== endToken && inPieces.length < 30) inPieces.push(...(await run(inPieces.length === 0 ? PROMPT : inPieces.slice(-1), 3)).tokens)
    t.same(inPieces, tokens, `${matrices}, three tokens a run`)
    if (matrices === 'unsigned') continue // a prompt that is quantized at once differs from one that is not
    const search = stepGraph(await openCompiled(t, modelsDir, NAME, matrices, 'steps')).start(await start(audio).encode())
    for (const token of PROMPT.slice(0, -1)) await search.step([{ parent: 0, token }], [], 1)
    let token = PROMPT.at(-1)!
    for (const expected of tokens) {
      token = (await search.step([{ parent: 0, token }], [], 1)).tokens[0]!
      t.equal(token, expected)
    }
  }
})

function filledTo({ waveform: { samples, sampleRate } }: Clip, seconds: number): Clip {
  const longer = new Float32Array(seconds * sampleRate)
  longer.set(samples)
  return { waveform: { samples: longer, sampleRate }, startSeconds: 0, endSeconds: seconds }
}

/** [1, bins, frames] */
function featuresOf({ waveform }: Clip, frames: number): Tensor {
  const { data, bins } = logMelExtractor(manifest.frontEnd as Manifest['frontEnd'] & LogMelSettings)(waveform.samples, frames)
  return new Tensor('float32', Float32Array.from(data, (_, index) => data[index % frames * bins + Math.floor(index / frames)]!), [1, bins, frames])
}

function audioOf(heard: Tensor): Audio {
  return { input: 'features', heard, nothing: new Tensor('float32', new Float32Array(0), [1, heard.dims[1]!, 0]) }
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z ]/g, '').trim()
}
