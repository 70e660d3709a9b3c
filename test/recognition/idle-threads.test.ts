/** The encoder with several threads, for clips that have the machine to themselves: opened on demand, the same bits. */
import { readdir } from 'node:fs/promises'
import t from 'tap'
import type { Hypothesis } from '../../src/domain/transcript.js'
import { loadModel } from '../../src/recognition/load-recognizer.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { borrowModel, clipOf } from '../engine/compiler/real-model.js'
import { recognize } from './families/recognizer-contract.js'

const NAME = 'moonshine-tiny-en'
const THREADS = 3
const modelsDir = await borrowModel(t, NAME, true)
const clips = await Promise.all(['call-my-sister', 'translate-good-morning-into-spanish'].map((name) =>
  clipOf(`fixtures/clips/${name}.wav`)))

async function open(idleThreads: number): Promise<Recognizer> {
  const { recognizer } = await loadModel(NAME, {
    modelsDir, engine: 'compiled', matrices: 'auto', executionProviders: ['cpu'], executionProvidersStrict: false,
    threads: 1, idleThreads,
  })
  t.teardown(() => recognizer.dispose())
  return recognizer
}

async function alone(recognizer: Recognizer): Promise<Hypothesis[]> {
  const found = []
  for (const clip of clips) {
    found.push(await recognize(recognizer, clip, { isAlone: true, tokenLogProbabilities: true, words: true }))
  }
  return found
}

t.test('several threads change no bit, and a clip that comes before they are ready is encoded by one', async (t) => {
  const recognizer = await open(THREADS)
  const before = await alone(recognizer)
  const threads = await threadsOfThisProcess()
  await recognizer.openWideEncoder!()
  await recognizer.openWideEncoder!()
  if (threads !== undefined) {
    t.equal(await threadsOfThisProcess(), threads + THREADS - 1, 'opened once; this thread is one of them')
  }
  const after = await alone(recognizer)
  t.same(after.map(({ text, tokens, words }) => ({ text, tokens, words })),
    before.map(({ text, tokens, words }) => ({ text, tokens, words })))
  t.match(before, [{ text: /sister/i }, { text: /Spanish/ }])
})

t.test('as many threads as any clip has need no second encoder', async (t) => {
  t.equal((await open(1)).openWideEncoder, undefined)
})

/** Undefined where the operating system does not list them. */
async function threadsOfThisProcess(): Promise<number | undefined> {
  return readdir('/proc/self/task').then((tasks) => tasks.length, () => undefined)
}
