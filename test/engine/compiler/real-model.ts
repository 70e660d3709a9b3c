/** Helpers of the tests of compiled models: a temporary models directory, opened graphs, and comparisons. */
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { decodeAudio } from '../../../src/audio/decode.js'
import { compiledGraph } from '../../../src/engine/compiler/cache.js'
import type { GraphKind } from '../../../src/engine/compiler/compile.js'
import type { Target } from '../../../src/engine/compiler/graph.js'
import { encoderDecoderOf, openModelFiles, readManifest } from '../../../src/engine/manifest.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { encoderGraph, type Encode } from '../../../src/engine/runtime/encoder-memory.js'
import { GreedyGraph } from '../../../src/engine/runtime/greedy-graph.js'
import { startDecode } from '../../../src/engine/runtime/kv-cache.js'
import { outputOf, sessionOpener, type Session, type Tensor } from '../../../src/engine/runtime/session.js'
import type { Clip } from '../../../src/domain/audio.js'
import type { Word } from '../../../src/domain/words.js'

export const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })

/**
 * A temporary directory with the weights of the repository, in which tests store what they compile. With `compiled`,
 * the graphs that were compiled for this machine are copied too; the cache accepts them only if this compiler made
 * them.
 */
export async function borrowModel(t: Pick<Test, 'teardown'>, name: string, compiled = false): Promise<string> {
  const modelsDir = await mkdtemp(path.join(os.tmpdir(), 'earshot-compiled-'))
  t.teardown(() => rm(modelsDir, { recursive: true, force: true }))
  await mkdir(path.join(modelsDir, name))
  for (const file of ['model.json', 'weights']) {
    await symlink(path.join(projectRoot, 'models', name, file), path.join(modelsDir, name, file))
  }
  const graphs = path.join(projectRoot, 'models', name, 'compiled')
  if (compiled && existsSync(graphs)) await cp(graphs, path.join(modelsDir, name, 'compiled'), { recursive: true })
  return modelsDir
}

export async function openCompiled(
  t: Pick<Test, 'teardown'>,
  modelsDir: string,
  name: string,
  matrices: Target['matrices'],
  kind: GraphKind,
): Promise<Session> {
  const compiled = await compiledGraph(modelsDir, await readManifest(modelsDir, name), { matrices }, kind)
  if ('reason' in compiled) throw new Error(compiled.reason)
  const session = await open(compiled.graph, { fixedShapes: false })
  t.teardown(() => session.release())
  return session
}

/** Encoder and greedy decoder of a model. */
export interface GreedyModel { readonly encode: Encode; readonly graph: GreedyGraph }

export async function openGreedyModel(
  t: Pick<Test, 'teardown'>, modelsDir: string, name: string, matrices: Target['matrices'],
): Promise<GreedyModel> {
  return {
    encode: encoderGraph(await openCompiled(t, modelsDir, name, matrices, 'encoder')),
    graph: new GreedyGraph(await openCompiled(t, modelsDir, name, matrices, 'greedy')),
  }
}

/**
 * Keys and values of the cross-attention of all layers from the published graphs: `tensor` is fed to the encoder as
 * `input`, and the decoder makes one step.
 */
export async function publishedMemory(
  t: Test, modelsDir: string, name: string, input: string, tensor: Tensor,
): Promise<Float32Array> {
  const manifest = await readManifest(modelsDir, name)
  const files = openModelFiles(modelsDir, manifest)
  const encoder = await open(await files.read('encoder'), { fixedShapes: true })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  t.teardown(() => Promise.all([encoder.release(), decoder.release()]))
  const encoded = await encoder.run({ [input]: tensor }, ['last_hidden_state'])
  const kept: Float32Array[] = []
  const watched: Session = { ...decoder, run: async (feeds, wanted) => {
    const results = await decoder.run(feeds, wanted)
    for (const [key, { data }] of Object.entries(results))
      if (key.includes('.encoder.')) kept.push(data as Float32Array)
    return results
  } }
  await startDecode(watched, outputOf(encoded, 'last_hidden_state')).step([encoderDecoderOf(manifest).startToken])
  return Float32Array.from(kept.flatMap((values) => [...values]))
}

export function signalToNoiseDb(signal: Float32Array, other: Float32Array): number {
  if (signal.length !== other.length) return -Infinity
  let power = 0
  let noise = 0
  for (const [index, value] of signal.entries()) {
    power += value ** 2
    noise += (value - other[index]!) ** 2
  }
  return 10 * Math.log10(power / noise)
}

export async function clipOf(file: string): Promise<Clip> {
  const { waveform } = await decodeAudio(await readFile(path.join(projectRoot, file)), { maxSeconds: 60 })
  return { waveform, startSeconds: 0, endSeconds: waveform.samples.length / waveform.sampleRate }
}

/**
 * Start of each word of fixtures/clips/warm-up.wav, and end of the last one, as the synthesizer printed them
 * (`flite -voice slt -psdur`), seconds.
 */
const WARM_UP_BOUNDARIES = [0.224, 0.408, 0.66, 0.868, 0.94, 1.346, 1.684, 1.859, 2.46]
const TOLERANCE_SECONDS = 0.12

/** Compares the word times of the warm-up clip with those of the synthesizer. */
export function checkWordTimes(t: Test, words: readonly Word[] = []): void {
  const found = [
    ...words.map(({ startSeconds }) => startSeconds),
    ...words.slice(-1).map(({ endSeconds }) => endSeconds),
  ]
  t.equal(found.length, WARM_UP_BOUNDARIES.length)
  const isClose = found.every((seconds, index) => Math.abs(seconds - WARM_UP_BOUNDARIES[index]!) < TOLERANCE_SECONDS)
  t.ok(isClose, found.map((seconds) => seconds.toFixed(2)).join(' '))
}
