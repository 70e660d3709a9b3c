/**
 * `npm run test:models`: the contract of test/recognition/families/ on every model of models/ whose weights are there,
 * and whether it understands speech. Models without weights are skipped, with the command that fetches them.
 *
 * int8 arithmetic rounds differently from CPU to CPU, so nothing here pins tokens; error rates have wide margins.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import tap, { type Test } from 'tap'
import { decodeAudio } from '../../src/audio/decode.js'
import { spectralDetector } from '../../src/recognition/segmentation/detectors/spectral.js'
import { encoderDecoderOf, hasPublishedGraphs, listModels, readBundle, type Manifest } from '../../src/engine/manifest.js'
import { transcribe } from '../../src/recognition/pipeline.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { ENGINES, type Engine } from '../../src/domain/choices.js'
import { huggingFaceTokenizer } from '../../src/engine/tokenizer.js'
import { openRecognizer, recognize, recognizerContract } from '../recognition/families/recognizer-contract.js'

const SPECTRAL = { first: spectralDetector, second: undefined }
const modelsDir = path.join(projectRoot, 'models')
const clipsDir = path.join(projectRoot, 'fixtures/clips')
/** Recorded speech beside the checkout, for those who have it. */
const recordedDir = path.join(projectRoot, '../shared/data/speech')
/** Of each recorded source this many clips are tried. */
const CLIPS_PER_SOURCE = 2

/** A model of 240 million parameters takes its time over every clip. */
tap.setTimeout(30 * 60_000)

interface Sample { readonly path: string; readonly text: string; readonly tags: readonly string[] }

for (const name of await listModels(modelsDir)) {
  const manifest = await readBundle(modelsDir, name)
  if (manifest.purpose !== 'recognition') continue
  const there = Object.values(manifest.files).every((file) => existsSync(path.join(modelsDir, name, file.path)))
  const skip = there ? false : `no weights; npm run models -- fetch ${name}`
  for (const engine of ENGINES.filter((one) => one === 'compiled' || hasPublishedGraphs(manifest))) {
    tap.test(`${name} keeps the contract, ${engine}`, { skip }, (t) =>
      recognizerContract(t, { modelsDir, name, engine }),
    )
    tap.test(`${name} understands speech, ${engine}`, { skip }, (t) => understands(t, manifest, engine))
  }
}

async function understands(t: Test, manifest: Manifest, engine: Engine): Promise<void> {
  const recognizer = await openRecognizer(modelsDir, manifest.name, engine)
  t.teardown(() => recognizer.dispose())
  await t.test('it hears at least three in four words of the clean clips of fixtures/clips/', async (t) => {
    const samples = readSamples(clipsDir).filter(({ text }) => text !== '')
    t.ok(await wordErrorRate(recognizer, clipsDir, samples) < 0.25)
  })
  await t.test('silence is no speech', async (t) => {
    const { text, noSpeechReason } = await transcribeFile(recognizer, path.join(clipsDir, 'silence.wav'))
    t.same({ text, noSpeechReason }, { text: '', noSpeechReason: 'digital_silence' })
  })
  const noRecordings = existsSync(recordedDir) ? false : `no recorded speech at ${recordedDir}`
  await t.test('recorded speech gives words and never a loop', { skip: noRecordings }, (t) => neverLoops(t, recognizer))
  const monolingual = manifest.languages.length === 1 ? 'the model knows one language' : false
  await t.test(
    'it detects English, and puts out every token of its vocabulary as text',
    { skip: monolingual },
    async (t) => {
      const speech = (await decodeAudio(readFileSync(path.join(clipsDir, 'warm-up.wav')), { maxSeconds: 30 })).waveform
      t.equal((await recognize(recognizer, { waveform: speech, startSeconds: 0, endSeconds: 2 })).language, 'en')
      decodesWholeVocabulary(t, manifest)
    },
  )
}

async function neverLoops(t: Test, recognizer: Recognizer): Promise<void> {
  const tried = new Map<string, number>()
  for (const { path: file } of readSamples(recordedDir)) {
    const source = path.dirname(file)
    const before = tried.get(source) ?? 0
    if (before === CLIPS_PER_SOURCE) continue
    tried.set(source, before + 1)
    const { text } = await transcribeFile(recognizer, path.join(recordedDir, file))
    t.notMatch(text, /(\b.+\b)(?:\W+\1\b){4}/i, `${file}: "${text}"`)
  }
}

function decodesWholeVocabulary(t: Test, manifest: Manifest): void {
  const { name, files } = manifest
  const decoding = encoderDecoderOf(manifest)
  const read = (key: string): Uint8Array => readFileSync(path.join(modelsDir, name, files[key]!.path))
  const { decode } = huggingFaceTokenizer(read('tokenizer'), read('tokenizerConfig'))
  const ordinary = Array.from({ length: decoding.endToken }, (_, token) => decode([1, token, 1]))
  t.ok(ordinary.every((text) => text.length >= 2))
  t.equal(
    decode([
      decoding.startToken,
      ...Object.values(decoding.languageTokens!),
      decoding.transcribeToken!,
      decoding.endToken,
    ]),
    '',
  )
}

function readSamples(folder: string): Sample[] {
  return readFileSync(path.join(folder, 'manifest.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample)
}

function transcribeFile(recognizer: Recognizer, file: string) {
  return transcribe(readFileSync(file), recognizer, {
    language: 'en',
    maxAudioSeconds: 60,
    normalizeVolume: true,
    trimSilence: true,
    detectors: SPECTRAL,
    maxDecodingPasses: 1,
    interrupt: () => {},
  })
}

/** Word errors over words, case and punctuation apart. */
async function wordErrorRate(recognizer: Recognizer, folder: string, samples: readonly Sample[]): Promise<number> {
  let errors = 0
  let words = 0
  for (const sample of samples) {
    const expected = wordsOf(sample.text)
    const heard = wordsOf((await transcribeFile(recognizer, path.join(folder, sample.path))).text)
    errors += editDistance(expected, heard)
    words += expected.length
  }
  return errors / words
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().replace(/10/g, 'ten').replace(/[^a-z' ]/g, ' ').split(' ').filter((word) => word !== '')
}

/** Levenshtein distance over words, one row at a time. */
function editDistance(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  a.forEach((word, i) => {
    const next = [i + 1]
    b.forEach((other, j) => {
      next.push(Math.min(row[j]! + (word === other ? 0 : 1), row[j + 1]! + 1, next[j]! + 1))
    })
    row = next
  })
  return row[b.length]!
}
