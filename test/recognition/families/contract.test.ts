/**
 * The contract of every file of src/recognition/families/, on its tiny random model of fixtures/graphs/. The loader
 * imports families by name, which TypeScript cannot follow; this test loads each of them.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test, type Test } from 'tap'
import { makeGraphs } from '../../../fixtures/make-graphs.js'
import {
  encoderDecoderOf, listModels, openModelFiles, readManifest, type Manifest,
} from '../../../src/engine/manifest.js'
import { loadRecognizer } from '../../../src/recognition/recognizer.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { startDecode } from '../../../src/engine/runtime/kv-cache.js'
import {
  sessionOpener, Tensor, type OpenSession, type Session, type Tensors,
} from '../../../src/engine/runtime/session.js'
import {
  chirp, openRecognizer, recognize, recognizerContract, rejectsWith, replaceFile, spoiledCopy, type Subject,
} from './recognizer-contract.js'

const modelsDir = path.join(projectRoot, 'fixtures', 'graphs')
const open = sessionOpener({ providers: ['cpu'], strict: false, threads: 1 })

/** Tokens of `chirp(4, 2)`. They change only with the graphs of fixtures/make-graphs.ts, or through a bug. */
const PINNED: Readonly<Record<string, readonly number[]>> = {
  moonshine: [283, 359, 355, 295, 333, 262, 262, 298, 262, 333, 298, 262, 298],
  wav2vec2: [
    13, 1, 13, 1, 13, 9, 4, 9, 4, 5, 2, 1, 2, 1, 13, 9, 7, 4, 7, 9, 1, 13, 1, 6, 13, 4, 9, 10, 4, 10, 7, 2, 13,
    1, 2, 13, 10, 4, 10, 4, 1, 13, 1, 6, 11, 4, 10, 9, 4, 7, 4, 1, 13, 6, 9, 10, 4, 9, 4, 9, 13, 2, 1, 13, 4,
  ],
  whisper: [5, 5, 0, 0, 5],
}

const families = (await readdir(path.join(projectRoot, 'src/recognition/families')))
  .filter((file) => file.endsWith('.ts')).map((file) => path.basename(file, '.ts'))
const manifests = await Promise.all((await listModels(modelsDir)).map((name) => readManifest(modelsDir, name)))

const encoderDecoders = manifests.filter(({ decoding }) => decoding.kind === 'encoder-decoder')

for (const family of families) {
  test(`the family "${family}" keeps the contract`, async (t) => {
    const manifest = manifests.find((candidate) => candidate.family === family)
    if (manifest === undefined) {
      return t.fail(`fixtures/graphs/ has no tiny model of the family "${family}"; see docs/adding-a-model.md`)
    }
    const pinnedTokens = PINNED[family]
    if (pinnedTokens === undefined) return t.fail(`no tokens are pinned for the family "${family}"`)
    const subject: Subject = { modelsDir, name: manifest.name, pinnedTokens }
    await recognizerContract(t, subject)
    await t.test('an invalid model is refused when it is loaded, with name and cause', (t) =>
      refusesInvalidModels(t, subject),
    )
    await t.test('only outputs that are used are requested of the graphs', (t) => requestsLittle(t, manifest))
    if (manifest.decoding.kind === 'encoder-decoder') {
      await t.test('every token depends on the cache', (t) => needsItsCache(t, manifest))
    }
  })
}

async function refusesInvalidModels(t: Test, subject: Subject): Promise<void> {
  const { name } = subject
  const load = async (change: Parameters<typeof spoiledCopy>[2]) =>
    openRecognizer(await spoiledCopy(t, subject, change), name)

  const { frontEnd: otherFrontEnd } = defined(
    manifests.find(({ frontEnd }) => frontEnd.kind !== manifestOf(name).frontEnd.kind),
  )
  await rejectsWith(
    t,
    load(async (_, manifest) => ({ ...manifest, frontEnd: otherFrontEnd })),
    'MODEL_INVALID',
    name,
    otherFrontEnd.kind,
  )
  await rejectsWith(
    t,
    load(async (_, manifest) => ({ ...manifest, family: 'no-such-family' })),
    'MODEL_INVALID',
    name,
    'no-such-family',
  )

  const graphs = Object.entries(manifestOf(name).files)
    .filter(([, file]) => file.path.endsWith('.onnx'))
    .map(([key]) => key)
  for (const key of graphs) {
    await rejectsWith(
      t,
      load(async (_, manifest) => ({ ...manifest, files: without(manifest.files, key) })),
      'MODEL_INVALID',
      name,
      `"${key}"`,
    )
    await rejectsWith(
      t,
      load((folder, manifest) => rm(fileOf(folder, manifest, key))),
      'MODEL_FILE_MISSING',
      `${key}.onnx`,
      `fetch ${name}`,
    )
    await rejectsWith(
      t,
      load(async (folder, manifest) => replaceFile(folder, manifest, key, Buffer.from('no graph at all'))),
      'MODEL_INVALID',
      'runtime does not accept',
    )
    await refusesAlteredFile(t, subject, key)
  }
  if (graphs.length > 1) {
    await rejectsWith(t, load(async (folder, manifest) => swapGraphs(folder, manifest)), 'MODEL_INVALID', 'graph')
  }
  const { decoding: otherDecoding } = defined(
    manifests.find(({ decoding }) => decoding.kind !== manifestOf(name).decoding.kind),
  )
  await rejectsWith(
    t,
    load(async (_, manifest) => ({ ...manifest, decoding: otherDecoding })),
    'MODEL_INVALID',
    name,
    otherDecoding.kind,
  )
}

function manifestOf(name: string): Manifest {
  return defined(manifests.find((one) => one.name === name))
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value is missing')
  return value
}

/** Path of a file of the manifest. */
function fileOf(folder: string, { files }: Manifest, key: string): string {
  return path.join(folder, defined(files[key]).path)
}

async function refusesAlteredFile(t: Test, subject: Subject, key: string): Promise<void> {
  const expected = defined((await readManifest(modelsDir, subject.name)).files[key]).sha256
  const copy = await spoiledCopy(t, subject, async (folder, manifest) => {
    const file = fileOf(folder, manifest, key)
    const bytes = await readFile(file)
    bytes[bytes.length >> 1]! ^= 1
    await writeFile(file, bytes)
  })
  await rejectsWith(
    t,
    openRecognizer(copy, subject.name),
    'MODEL_FILE_ALTERED',
    `${key}.onnx`,
    `expected sha256 ${expected}`,
    'found',
  )
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
}

/** Two valid graphs in each other's place, with correct checksums. */
async function swapGraphs(folder: string, manifest: Manifest): Promise<Manifest> {
  const encoder = await readFile(fileOf(folder, manifest, 'encoder'))
  const decoder = await readFile(fileOf(folder, manifest, 'decoder'))
  return replaceFile(folder, await replaceFile(folder, manifest, 'encoder', decoder), 'decoder', encoder)
}

async function requestsLittle(t: Test, manifest: Manifest): Promise<void> {
  const requested = new Set<string>()
  const recognizer = await loadRecognizer(
    manifest,
    openModelFiles(modelsDir, manifest),
    watched((run) => (feeds, wanted) => {
      for (const name of wanted ?? ['everything']) requested.add(name)
      return run(feeds, wanted)
    }),
  )
  t.teardown(() => recognizer.dispose())
  await recognize(recognizer, chirp(4, 2))
  for (const name of requested) t.match(name, /^(last_hidden_state|logits|present\..*)$/)
}

async function needsItsCache(t: Test, manifest: Manifest): Promise<void> {
  const right = await openRecognizer(modelsDir, manifest.name)
  t.teardown(() => right.dispose())
  const expected = await recognize(right, chirp(4, 2), { expectSpeech: true })
  t.ok(expected.tokens.length >= 5, 'the clip has enough tokens to show a mistake')

  const mistakes: Record<string, (name: string, tensor: Tensor) => Tensor> = {
    'the decoder half is zeroed': (name, tensor) => name.endsWith('decoder.key') ? zeros(tensor) : tensor,
    'the encoder half is zeroed': (name, tensor) => name.endsWith('encoder.value') ? zeros(tensor) : tensor,
    'the flag is never set': (name, tensor) => name === 'use_cache_branch' ? new Tensor('bool', [false]) : tensor,
  }
  for (const [mistake, spoil] of Object.entries(mistakes)) {
    const wrong = await loadRecognizer(
      manifest,
      openModelFiles(modelsDir, manifest),
      watched(
        (run) => (feeds, wanted) =>
          run(Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, spoil(name, tensor)])), wanted),
      ),
    )
    t.teardown(() => wrong.dispose())
    t.notSame(
      (await recognize(wrong, chirp(4, 2), { expectSpeech: true })).logProbabilities,
      expected.logProbabilities,
      mistake,
    )
  }
}

function zeros(tensor: Tensor): Tensor {
  return new Tensor('float32', new Float32Array(tensor.size), tensor.dims)
}

/** An opener whose sessions run through `wrap`. */
function watched(wrap: (run: Session['run']) => Session['run']): OpenSession {
  return async (graph, traits) => {
    const session = await open(graph, traits)
    return { ...session, run: wrap((feeds, wanted) => session.run(feeds, wanted)) }
  }
}

test('tokens fed in one step or one by one leave the decoder in the same state', async (t) => {
  for (const manifest of encoderDecoders) {
    const decoder = await open(await openModelFiles(modelsDir, manifest).read('decoder'), { fixedShapes: false })
    t.teardown(() => decoder.release())
    const states = new Tensor(
      'float32',
      Float32Array.from({ length: 48 }, (_, i) => Math.sin(i)),
      [1, 6, 8],
    ) // [1, frames, width]
    const [first, ...rest] = [5, 7, 3, 8] as const
    const atOnce = await startDecode(decoder, states).step([first, ...rest])
    const { step } = startDecode(decoder, states)
    let last = await step([first])
    for (const token of rest) last = await step([token])
    t.ok(last.every((value, index) => Math.abs(value - atOnce[index]!) < 1e-3), manifest.name)
    await t.rejects(step([1, 2]), /one token after the first step/)
  }
})

test('a decode keeps the encoder half of its first step, which later steps return empty', async (t) => {
  const manifest = defined(encoderDecoders[0])
  const decoder = await open(await openModelFiles(modelsDir, manifest).read('decoder'), { fixedShapes: false })
  t.teardown(() => decoder.release())
  interface Run { readonly feeds: Tensors; readonly out: Tensors }
  const runs: Run[] = []
  const watchedDecoder: Session = { ...decoder, run: async (feeds, wanted) => {
    const out = await decoder.run(feeds, wanted)
    runs.push({ feeds, out })
    return out
  } }
  const { step } = startDecode(watchedDecoder, new Tensor('float32', new Float32Array(80).fill(0.5), [1, 10, 8]))
  for (const token of [5, 6, 7]) await step([token])
  const [first, second, third] = runs as [Run, Run, Run]
  t.same(runs.map(({ feeds }) => feeds.use_cache_branch!.data[0]), [0, 1, 1])
  t.same(second.out['present.0.encoder.key']!.dims, [1, 2, 0, 4], 'as the exported graphs return it')
  t.equal(third.feeds['past_key_values.0.encoder.key'], first.out['present.0.encoder.key'])
  t.equal(third.feeds['past_key_values.1.decoder.value'], second.out['present.1.decoder.value'])
})

test('a multilingual model returns its language, and the language changes the hypothesis', async (t) => {
  const manifest = defined(manifests.find(({ languages }) => languages.length > 1))
  const recognizer = await openRecognizer(modelsDir, manifest.name)
  t.teardown(() => recognizer.dispose())
  const hypotheses = await Promise.all(
    manifest.languages.map((language) => recognize(recognizer, chirp(2, 1), { language, expectSpeech: true })),
  )
  t.same(hypotheses.map(({ language }) => language), manifest.languages)
  t.notSame(hypotheses[0]!.logProbabilities, hypotheses[1]!.logProbabilities)
})

test('a model that lacks the token of a language or of its prompt is refused when it is loaded', async (t) => {
  const subject: Subject = { modelsDir, name: 'tiny-whisper' }
  const load = async (change: Parameters<typeof spoiledCopy>[2]) =>
    openRecognizer(await spoiledCopy(t, subject, change), subject.name)
  await rejectsWith(
    t,
    load(async (_, manifest) => ({ ...manifest, languages: ['en', 'fr'] })),
    'MODEL_INVALID',
    'languageTokens',
    'fr',
  )
  const { transcribeToken: _, ...decoding } = encoderDecoderOf(await readManifest(modelsDir, subject.name))
  await rejectsWith(t, load(async (_, manifest) => ({ ...manifest, decoding })), 'MODEL_INVALID', 'transcribeToken')
  await rejectsWith(
    t,
    load(async (_, manifest) => ({ ...manifest, tokenizer: { kind: 'llama' } })),
    'MODEL_INVALID',
    'huggingface',
  )
})

test('the committed graphs are the ones that fixtures/make-graphs.ts makes', async (t) => {
  for (const [file, bytes] of makeGraphs()) {
    t.ok(Buffer.from(bytes).equals(await readFile(path.join(modelsDir, file))), file)
  }
})
