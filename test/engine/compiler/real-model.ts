/** What tests of compiled models share: a models directory of their own, opened graphs, and how near two of them are. */
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { decodeAudio } from '../../../src/audio/decode.js'
import { compiledGraph } from '../../../src/engine/compiler/cache.js'
import { openModelFiles, readManifest } from '../../../src/engine/manifest.js'
import { projectRoot } from '../../../src/domain/project-root.js'
import { startDecode } from '../../../src/engine/runtime/kv-cache.js'
import { sessionOpener, type Session, type Tensor } from '../../../src/engine/runtime/session.js'
import type { Clip } from '../../../src/domain/audio.js'
import type { Word } from '../../../src/domain/words.js'

export const open = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })

/**
 * A directory with the weights of ours, so that nothing a test compiles is left there. With `compiled`, the graphs that
 * were compiled for this machine come along; the cache takes them only if this compiler made them.
 */
export async function borrowModel(t: Pick<Test, 'teardown'>, name: string, compiled = false): Promise<string> {
  const modelsDir = await mkdtemp(path.join(os.tmpdir(), 'earshot-compiled-'))
  t.teardown(() => rm(modelsDir, { recursive: true, force: true }))
  await mkdir(path.join(modelsDir, name))
  for (const file of ['model.json', 'weights']) await symlink(path.join(projectRoot, 'models', name, file), path.join(modelsDir, name, file))
  const graphs = path.join(projectRoot, 'models', name, 'compiled')
  if (compiled && existsSync(graphs)) await cp(graphs, path.join(modelsDir, name, 'compiled'), { recursive: true })
  return modelsDir
}

export async function openCompiled(t: Pick<Test, 'teardown'>, modelsDir: string, name: string, matrices: 'unsigned' | 'real', entrance: 'greedy' | 'steps' = 'greedy'): Promise<Session> {
  const compiled = await compiledGraph(modelsDir, await readManifest(modelsDir, name), { matrices }, entrance)
  if ('reason' in compiled) throw new Error(compiled.reason)
  const session = await open(compiled.graph, { fixedShapes: false })
  t.teardown(() => session.release())
  return session
}

/** Keys and values of all layers, as the published graphs make them: `input` is fed to the encoder, the decoder takes one step. */
export async function publishedMemory(t: Test, modelsDir: string, name: string, input: string, heard: Tensor): Promise<Float32Array> {
  const manifest = await readManifest(modelsDir, name)
  const files = openModelFiles(modelsDir, manifest)
  const encoder = await open(await files.read('encoder'), { fixedShapes: true })
  const decoder = await open(await files.read('decoder'), { fixedShapes: false })
  t.teardown(() => Promise.all([encoder.release(), decoder.release()]))
  const { last_hidden_state: states } = await encoder.run({ [input]: heard }, ['last_hidden_state'])
  const kept: Float32Array[] = []
  const watched: Session = { ...decoder, run: async (feeds, wanted) => {
    const out = await decoder.run(feeds, wanted)
    for (const key of Object.keys(out).filter((one) => one.includes('.encoder.'))) kept.push(out[key]!.data as Float32Array)
    return out
  } }
  await startDecode(watched, states!).step([manifest.decoding.startToken])
  return Float32Array.from(kept.flatMap((values) => [...values]))
}

export function signalToNoiseDb(signal: Float32Array, other: Float32Array): number {
  if (signal.length !== other.length) return -Infinity
  let power = 0
  let noise = 0
  signal.forEach((value, index) => { power += value ** 2; noise += (value - other[index]!) ** 2 })
  return 10 * Math.log10(power / noise)
}

export async function clipOf(file: string): Promise<Clip> {
  const { waveform } = await decodeAudio(await readFile(path.join(projectRoot, file)), { maxSeconds: 60 })
  return { waveform, startSeconds: 0, endSeconds: waveform.samples.length / waveform.sampleRate }
}

/** When each word of fixtures/clips/warm-up.wav begins, and the last one ends, as the synthesizer printed it (`flite -voice slt -psdur`), seconds. */
const WARM_UP_BOUNDARIES = [0.224, 0.408, 0.66, 0.868, 0.94, 1.346, 1.684, 1.859, 2.46]
const FAR_SECONDS = 0.12

/** The words of the warm-up clip lie where the synthesizer put them. */
export function liesWhereItWasSaid(t: Test, words: readonly Word[]): void {
  const found = [...words.map(({ startSeconds }) => startSeconds), words.at(-1)!.endSeconds]
  t.equal(found.length, WARM_UP_BOUNDARIES.length)
  t.ok(found.every((seconds, index) => Math.abs(seconds - WARM_UP_BOUNDARIES[index]!) < FAR_SECONDS), found.map((seconds) => seconds.toFixed(2)).join(' '))
}
