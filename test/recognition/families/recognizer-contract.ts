/**
 * The contract of every recognizer, whatever its family and weights: checked on the tiny random graphs by
 * contract.test.ts, and on real weights by test/models/real-weights.test.ts.
 */
import { createHash } from 'node:crypto'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { openStream } from '../../../src/recognition/incremental.js'
import { loadModel } from '../../../src/recognition/load-recognizer.js'
import { SpeechError, type ErrorCode } from '../../../src/domain/errors.js'
import { readManifest, type Manifest } from '../../../src/engine/manifest.js'
import type { RecognizeOptions, Recognizer } from '../../../src/recognition/recognizer.js'
import { startStageTimer } from '../../../src/domain/stage-timer.js'
import type { Engine } from '../../../src/domain/choices.js'
import type { Clip } from '../../../src/domain/audio.js'
import type { Stage } from '../../../src/domain/report.js'
import type { Hypothesis } from '../../../src/domain/transcript.js'

export interface Subject {
  readonly modelsDir: string
  readonly name: string
  /** Default: the published graphs. */
  readonly engine?: Engine
  /** Token ids of `chirp(4, 2)`; absent for int8 weights, whose rounding differs between CPUs. */
  readonly pinnedTokens?: readonly number[]
}

export async function openRecognizer(
  modelsDir: string,
  name: string,
  engine: Engine = 'reference',
): Promise<Recognizer> {
  const { recognizer } = await loadModel(name, {
    modelsDir,
    engine,
    matrices: 'auto',
    executionProviders: ['cpu'],
    executionProvidersStrict: false,
    threads: 1,
  })
  return recognizer
}

/** A tone of slowly changing amplitude in noise; the same samples for the same seed. */
export function chirp(seed: number, seconds: number, sampleRate = 16_000): Clip {
  let state = seed
  const samples = Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, n) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    const tone = Math.sin((2 * Math.PI * (200 + 100 * seed) * n) / sampleRate) * Math.sin((n * seed) / 3000)
    return 0.3 * tone + (0.1 * state) / 2 ** 31
  })
  return { waveform: { samples, sampleRate }, startSeconds: 0, endSeconds: seconds }
}

export function recognize(
  recognizer: Recognizer,
  clip: Clip,
  options: Partial<RecognizeOptions> = {},
): Promise<Hypothesis> {
  return recognizer.recognize(clip, {
    language: undefined, expectSpeech: false, interrupt: () => {}, timer: startStageTimer(), ...options,
  })
}

/** Rejects with a SpeechError of this code whose message has all of `fragments`. */
export async function rejectsWith(
  t: Test,
  promise: Promise<unknown>,
  code: ErrorCode,
  ...fragments: readonly string[]
): Promise<void> {
  const error: unknown = await promise.then(() => undefined, (thrown: unknown) => thrown)
  if (!(error instanceof SpeechError)) throw new Error(`expected ${code}, got ${String(error)}`, { cause: error })
  t.equal(error.code, code)
  for (const fragment of fragments) t.ok(error.message.includes(fragment), `"${error.message}" names ${fragment}`)
}

export async function recognizerContract(t: Test, subject: Subject): Promise<void> {
  const recognizer = await openRecognizer(subject.modelsDir, subject.name, subject.engine)
  const manifest = await readManifest(subject.modelsDir, subject.name)
  await t.test('a recognizer has the fields of its manifest', async (t) => describes(t, recognizer, manifest, subject))
  await t.test('the same clip gives the same tokens, whatever was decoded before', (t) =>
    keepsNoState(t, recognizer, subject),
  )
  await t.test('a hypothesis is well formed for clips of every length', (t) => isWellFormed(t, recognizer, manifest))
  await t.test('a clip with detected speech gives at least one token', (t) => expectsSpeech(t, recognizer))
  await t.test('every language of the manifest can be requested, and detected ones are among them', (t) =>
    knowsLanguages(t, recognizer),
  )
  await t.test('an interrupt ends the decode with its error and keeps the recognizer usable', (t) =>
    isInterruptible(t, recognizer),
  )
  await t.test('several clips at the same time give what each gives alone, and none disturbs the others', (t) =>
    recognizesTogether(t, recognizer),
  )
  await t.test('words have times if `timesWords` is true, and nothing else changes', (t) =>
    timesItsWords(t, recognizer),
  )
  await t.test('tokens have log-probabilities and bytes on request, which are the text, and nothing else changes', (t) =>
    describesItsTokens(t, recognizer),
  )
  await t.test('incremental recognition ends with the same hypothesis', (t) => isIncremental(t, recognizer))
  await t.test('the time of the stages of a model is recorded', (t) => recordsTime(t, recognizer))
  await t.test('a disposed recognizer rejects', async (t) => {
    await recognizer.dispose()
    await t.rejects(recognize(recognizer, chirp(1, 1)))
  })
}

function describes(t: Test, recognizer: Recognizer, manifest: Manifest, { engine = 'reference' }: Subject): void {
  t.match({ ...recognizer }, {
    name: manifest.name,
    sampleRate: manifest.frontEnd.sampleRate,
    maxSeconds: manifest.limits.clipSeconds,
    languages: manifest.languages,
    provider: { provider: 'cpu', refused: [] },
    engine,
  })
}

async function keepsNoState(t: Test, recognizer: Recognizer, { pinnedTokens }: Subject): Promise<void> {
  const first = await recognize(recognizer, chirp(4, 2))
  const other = await recognize(recognizer, chirp(1, 3))
  const again = await recognize(recognizer, chirp(4, 2))
  t.same(again, first)
  if (pinnedTokens === undefined) return
  t.same(first.tokens, pinnedTokens, 'the pinned tokens')
  t.notSame(other.tokens, first.tokens, 'another clip gives other tokens')
}

async function isWellFormed(t: Test, recognizer: Recognizer, manifest: Manifest): Promise<void> {
  for (const seconds of [0.01, 0.4, 1, 5]) {
    const { tokens, logProbabilities, stopped, text } = await recognize(recognizer, chirp(2, seconds), {
      expectSpeech: true,
    })
    t.ok(tokens.length >= 1, `${seconds} s of audio have a token`)
    if (manifest.decoding.kind === 'encoder-decoder') {
      t.ok(tokens.length <= manifest.decoding.maxTokens)
      t.notOk(tokens.includes(manifest.decoding.endToken), 'the end token is not part of the tokens')
    } else {
      t.notOk(tokens.includes(manifest.decoding.blankToken), 'the blank is not part of the tokens')
    }
    t.equal(
      logProbabilities.length,
      tokens.length + (stopped === 'end_of_text' ? 1 : 0),
      'one for each token and one for the end, or the blanks',
    )
    t.ok(
      logProbabilities.every((value) => Number.isFinite(value) && value <= 0),
      'log-probabilities are finite and not positive',
    )
    t.equal(text, text.trim())
  }
}

async function expectsSpeech(t: Test, recognizer: Recognizer): Promise<void> {
  for (const seed of [1, 2, 3]) {
    const { tokens } = await recognize(recognizer, chirp(seed, 0.4), { expectSpeech: true })
    t.ok(tokens.length >= 1)
  }
  const silence: Clip = {
    waveform: { samples: new Float32Array(8000), sampleRate: recognizer.sampleRate }, startSeconds: 0, endSeconds: 0.5,
  }
  t.ok((await recognize(recognizer, silence, { expectSpeech: true })).tokens.length >= 1, 'also for silence')
}

async function knowsLanguages(t: Test, recognizer: Recognizer): Promise<void> {
  const detected = await recognize(recognizer, chirp(3, 1))
  t.ok(recognizer.languages.includes(detected.language))
  t.same(
    await recognize(recognizer, chirp(3, 1), { language: detected.language }),
    detected,
    'a detected language gives the same as the requested one',
  )
  for (const language of recognizer.languages.slice(0, 3)) {
    t.equal((await recognize(recognizer, chirp(3, 1), { language })).language, language)
    t.same(
      await recognize(recognizer, chirp(3, 1), { languages: [language, 'no-language'] }),
      await recognize(recognizer, chirp(3, 1), { language }),
      'detected among one language that it knows',
    )
  }
  const [first, second] = recognizer.languages.filter((language) => language !== detected.language)
  if (first !== undefined && second !== undefined) {
    const among = await recognize(recognizer, chirp(3, 1), { languages: [first, second] })
    t.ok([first, second].includes(among.language), 'never one that is not named')
  }
  t.same(await recognize(recognizer, chirp(3, 1), { languages: recognizer.languages }), detected)
}

/** The text is compared without spaces: the libraries of tokenizers remove some. */
async function describesItsTokens(t: Test, recognizer: Recognizer): Promise<void> {
  const texts: string[] = []
  for (const [seed, seconds] of [[1, 0.1], [2, 1], [4, 2]] as const) {
    const plain = await recognize(recognizer, chirp(seed, seconds), { expectSpeech: true })
    t.equal(plain.tokenLogProbabilities, undefined, 'none without a request')
    const { tokenLogProbabilities = [], ...others } = await recognize(recognizer, chirp(seed, seconds), {
      expectSpeech: true, tokenLogProbabilities: true,
    })
    t.same(others, plain)
    const text = Buffer.from(tokenLogProbabilities.flatMap(({ bytes }) => bytes)).toString('utf8')
    t.equal(text.replaceAll(/\s/g, ''), plain.text.replaceAll(/\s/g, ''))
    const rest = [...plain.logProbabilities]
    for (const { token, bytes, logProbability } of tokenLogProbabilities) {
      t.equal(token, Buffer.from(bytes).toString('utf8'))
      const found = rest.indexOf(logProbability)
      t.ok(bytes.length > 0 && found !== -1, 'in the order of the hypothesis')
      rest.splice(0, found + 1)
    }
    texts.push(text)
  }
  t.ok(texts.some((text) => text !== ''), 'some have text')
}

async function isInterruptible(t: Test, recognizer: Recognizer): Promise<void> {
  const before = await recognize(recognizer, chirp(4, 2))
  // With `expectSpeech` there are at least two steps, which a compiled graph may do in one run.
  for (const allowed of recognizer.engine === 'compiled' ? [0] : [0, 1]) {
    let calls = 0
    const interrupt = (): void => { if (calls++ >= allowed) throw new SpeechError('CANCELLED', `after ${allowed}`) }
    await rejectsWith(
      t,
      recognize(recognizer, chirp(4, 2), { interrupt, expectSpeech: true }),
      'CANCELLED',
      `after ${allowed}`,
    )
    t.equal(calls, allowed + 1, 'an interrupted decode does not continue')
  }
  t.same(await recognize(recognizer, chirp(4, 2)), before)
}

async function recognizesTogether(t: Test, recognizer: Recognizer): Promise<void> {
  const requests = [[4, 2], [1, 3], [2, 0.4], [3, 1], [4, 5], [2, 1.5], [1, 0.1]].map(([seed, seconds], index) => ({
    clip: chirp(seed!, seconds!),
    options: { expectSpeech: index % 2 === 0, words: index % 3 === 0, tokenLogProbabilities: index === 3 },
  }))
  const alone: Hypothesis[] = []
  for (const { clip, options } of requests) alone.push(await recognize(recognizer, clip, options))
  const together = await Promise.all(requests.map(({ clip, options }) => recognize(recognizer, clip, options)))
  t.same(together, alone)
  // The same in another order, each a little later than the one before.
  const delayed = await Promise.all(requests.map(async ({ clip, options }, index) => {
    await new Promise((resolve) => { setTimeout(resolve, 5 * (requests.length - index)) })
    return recognize(recognizer, clip, options)
  }))
  t.same(delayed, alone, 'who joins later')
  const interrupt = (): void => { throw new SpeechError('CANCELLED', 'in company') }
  const mixed = await Promise.allSettled(requests.map(({ clip, options }, index) =>
    recognize(recognizer, clip, index % 3 === 1 ? { ...options, interrupt } : options)))
  for (const [index, result] of mixed.entries()) {
    if (index % 3 === 1) t.match(result, { status: 'rejected', reason: { code: 'CANCELLED' } })
    else t.same(result, { status: 'fulfilled', value: alone[index] }, 'beside one that is interrupted')
  }
}

async function timesItsWords(t: Test, recognizer: Recognizer): Promise<void> {
  for (const [seed, seconds] of [[1, 0.1], [2, 1], [4, 2], [3, 6]] as const) {
    const clip = chirp(seed, seconds)
    const plain = await recognize(recognizer, clip, { expectSpeech: true })
    const { words, ...others } = await recognize(recognizer, clip, { expectSpeech: true, words: true })
    t.same(others, plain)
    t.equal(words !== undefined, recognizer.timesWords)
    let before = 0
    for (const { startSeconds, endSeconds, confidence } of words ?? []) {
      t.ok(
        startSeconds >= before &&
          endSeconds >= startSeconds &&
          endSeconds <= seconds &&
          confidence > 0 &&
          confidence <= 1,
      )
      before = endSeconds
    }
    if (words !== undefined && words.length > 0) {
      t.equal(
        words
          .map(({ text }) => text)
          .join('')
          .replaceAll(' ', ''),
        plain.text.replaceAll(/\s/g, ''),
        'together they are the text',
      )
    }
  }
}

async function isIncremental(t: Test, recognizer: Recognizer): Promise<void> {
  const options = { language: undefined, expectSpeech: true, interrupt: () => undefined, timer: startStageTimer() }
  const clip = chirp(4, 2)
  const whole = await recognize(recognizer, clip, options)
  const stream = openStream(recognizer, options)
  const lengths: number[] = []
  for (let start = 0; start < clip.waveform.samples.length; start += 7_000) {
    stream.push(clip.waveform.samples.subarray(start, start + 7_000))
    lengths.push((await stream.hypothesis()).tokens.length)
  }
  t.ok(lengths.every((length) => length >= 1), 'there is a hypothesis at any time')
  t.same(await stream.finish(), whole)
  t.same(await stream.finish(), whole, 'a second finish returns the same')
  t.throws(() => { stream.push(new Float32Array(1)) }, 'a finished stream takes no samples')
  const endless = openStream(recognizer, options)
  const second = new Float32Array(recognizer.sampleRate)
  for (let seconds = 1; seconds <= recognizer.maxSeconds; seconds++) endless.push(second)
  t.throws(() => { endless.push(second) }, { code: 'AUDIO_TOO_LONG' }, 'memory is bounded')
  const stopped = openStream(recognizer, { ...options, interrupt: () => { throw new SpeechError('CANCELLED') } })
  stopped.push(clip.waveform.samples)
  await rejectsWith(t, stopped.hypothesis(), 'CANCELLED')
}

async function recordsTime(t: Test, recognizer: Recognizer): Promise<void> {
  const timer = startStageTimer()
  await recognize(recognizer, chirp(1, 1), { timer })
  const own: readonly Stage[] = recognizer.engine === 'compiled' ? ['model', 'postprocess'] : ['encoder', 'postprocess']
  for (const stage of Object.keys(timer.seconds)) t.ok(['model_features', 'decoder', ...own].includes(stage), stage)
  for (const stage of own) t.ok(timer.seconds[stage]! >= 0, stage)
}

/** The path of a copy of a models directory in which `change` changes one model. */
export async function spoiledCopy(
  t: Test,
  { modelsDir, name }: Subject,
  change: (folder: string, manifest: Manifest) => Promise<Manifest | void>,
): Promise<string> {
  const copy = await mkdtemp(path.join(os.tmpdir(), 'earshot-models-'))
  t.teardown(() => rm(copy, { recursive: true, force: true }))
  const folder = path.join(copy, name)
  await cp(path.join(modelsDir, name), folder, { recursive: true })
  const manifest = await readManifest(copy, name)
  const changed = await change(folder, manifest)
  if (changed !== undefined) await writeFile(path.join(folder, 'model.json'), JSON.stringify(changed))
  return copy
}

/** The manifest with this file replaced and its checksum corrected. */
export async function replaceFile(
  folder: string,
  manifest: Manifest,
  key: string,
  bytes: Uint8Array,
): Promise<Manifest> {
  const entry = manifest.files[key]!
  await writeFile(path.join(folder, entry.path), bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { ...manifest, files: { ...manifest.files, [key]: { ...entry, bytes: bytes.byteLength, sha256 } } }
}
