/**
 * Which heads of a decoder follow the words best: each alone, and then a set that grows by the head that helps most,
 * as long as one does. Chosen on every other clip and checked on the rest, for a choice always looks good where it
 * was made. Printed as the manifest wants them.
 *
 * Each clip is recognized once with the attention of all heads; for every set after that the same runs are played
 * back to the same recognizer, so that what is judged is what the service computes.
 */
import { compiledGraph } from '../../src/engine/compiler/cache.js'
import { compileModel } from '../../src/engine/compiler/compile.js'
import { targetFor } from '../../src/engine/compiler/target.js'
import { encoderDecoderOf, openModelFiles, readManifest, type Manifest } from '../../src/engine/manifest.js'
import { loadRecognizer, type Recognizer } from '../../src/recognition/recognizer.js'
import { sessionOpener, shapeOf, Tensor, type OpenSession, type Tensors } from '../../src/engine/runtime/session.js'
import { modelsDir } from '../harness/needs.js'
import { recognizeBare } from '../harness/recognizers.js'
import { UsageError } from '../harness/endings.js'
import { groupBy } from '../../fixtures/kit/statistics.js'
import { fixed, printTable } from '../harness/table.js'
import { compareBoundaries, type BoundaryErrors } from '../times/boundaries.js'
import type { TimedClip } from '../times/timed-clips.js'

type Head = readonly [layer: number, head: number]

/** An error as large as this is as bad as any larger one: the wrong word, or the wrong pause. */
const WORST_SECONDS = 0.4
/** A head has to take away this share of the error to be taken in. */
const LEAST_GAIN = 0.01
const CANDIDATES = 24

export async function chooseHeads(model: string, clips: readonly TimedClip[]): Promise<readonly Head[]> {
  const tape = await recordAll(model, clips)
  const halves = [0, 1].map((rest) =>
    clips.map((_, index) => index).filter((index) => index % 2 === rest)) as [number[], number[]]
  const errorOf = (heads: readonly Head[], half: readonly number[]): Promise<number> => tape.error(heads, half)
  const alone: { head: Head; error: number }[] = []
  for (const head of tape.heads) alone.push({ head, error: await errorOf([head], halves[0]) })
  alone.sort((a, b) => a.error - b.error)
  printTable(['layer.head', 'mean error ms'], alone.slice(0, 12).map(({ head, error }) => [
    head.join('.'), fixed(1000 * error, 0),
  ]))
  const chosen: Head[] = []
  const rows: [string, string, string][] = []
  for (let best = Infinity; ;) {
    const tried: { head: Head; error: number }[] = []
    for (const { head } of alone.slice(0, CANDIDATES)) {
      if (!chosen.includes(head)) tried.push({ head, error: await errorOf([...chosen, head], halves[0]) })
    }
    const next = tried.reduce((a, b) => b.error < a.error ? b : a)
    if (next.error > best * (1 - LEAST_GAIN)) break
    best = next.error
    chosen.push(next.head)
    rows.push([`+ ${next.head.join('.')}`, fixed(1000 * best, 0), fixed(1000 * await errorOf(chosen, halves[1]), 0)])
  }
  console.log()
  printTable(['set', 'where chosen ms', 'on the rest ms'], rows)
  const sorted = chosen.toSorted(([a, b], [c, d]) => a - c || b - d)
  console.log(`\n"alignmentHeads": ${JSON.stringify(sorted).replaceAll(',', ', ')}`)
  return sorted
}

interface Tape {
  readonly heads: readonly Head[]
  /** Mean over the kinds of the mean error, which is at most WORST_SECONDS. */
  error(heads: readonly Head[], clips: readonly number[]): Promise<number>
}

async function recordAll(model: string, clips: readonly TimedClip[]): Promise<Tape> {
  const manifest = await readManifest(modelsDir, model)
  const player = startPlayer()
  const { recognizer, heads } = await openWithAllHeads(manifest, player.open)
  const compare = async (index: number): Promise<BoundaryErrors> => {
    player.begin(index)
    const { words } = await recognizeBare(recognizer, clips[index]!.waveform, {
      language: 'en', expectSpeech: true, words: true,
    })
    return compareBoundaries(clips[index]!.words, words ?? [])
  }
  for (const index of clips.keys()) await compare(index)
  return {
    heads,
    async error(wanted, indices) {
      player.wanted = wanted.map((head) => heads.indexOf(head))
      const kinds = groupBy(indices.map((index) => ({ index, kind: clips[index]!.kind })), ({ kind }) => kind)
      let sum = 0
      for (const own of kinds.values()) {
        const errors: number[] = []
        for (const { index } of own) {
          const { starts, ends } = await compare(index)
          errors.push(...[...starts, ...ends].map((one) => Math.min(WORST_SECONDS, Math.abs(one))))
        }
        sum += errors.reduce((total, one) => total + one, 0) / errors.length
      }
      return sum / kinds.size
    },
  }
}

async function openWithAllHeads(
  manifest: Manifest, open: OpenSession,
): Promise<{ recognizer: Recognizer; heads: readonly Head[] }> {
  const target = targetFor('cpu', 'auto')
  const files = openModelFiles(modelsDir, manifest)
  const read = async (kind: 'encoder' | 'greedy'): Promise<Uint8Array> => {
    const compiled = await compiledGraph(modelsDir, manifest, target, kind)
    if ('reason' in compiled) throw new UsageError(`${manifest.name} cannot be compiled: ${compiled.reason}`)
    return compiled.graph
  }
  const graphs = { encoder: await read('encoder'), greedy: await read('greedy') }
  const session = await open(graphs.greedy, { fixedShapes: false })
  const [, rows, headsOfLayer] = shapeOf(session, 'past') as [number, number, number]
  await session.release()
  const heads = Array.from({ length: rows / 2 * headsOfLayer }, (_, index): [number, number] => [
    Math.floor(index / headsOfLayer), index % headsOfLayer,
  ])
  const withAll: Manifest = { ...manifest, decoding: { ...encoderDecoderOf(manifest), alignmentHeads: heads } }
  const recognizer = await loadRecognizer(manifest, files, open, { ...graphs, further: () =>
    compileModel(withAll, files, target, 'align', sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })) })
  return { recognizer, heads }
}

interface Player {
  readonly open: OpenSession
  /** Runs that follow are those of this clip. */
  begin(clip: number): void
  /** Heads by their place whose attention is answered; undefined for all. */
  wanted: readonly number[] | undefined
}

/** Sessions that run once for a clip, and answer the same ever after. */
function startPlayer(): Player {
  const kept = new Map<string, Tensors>()
  const openReal = sessionOpener({ providers: ['cpu'], strict: true, threads: 1 })
  let [clip, run] = [0, 0]
  const player: Player = {
    wanted: undefined,
    begin(next) { [clip, run] = [next, 0] },
    async open(graph, traits) {
      const session = await openReal(graph, traits)
      return {
        ...session,
        async run(feeds, wanted) {
          const key = `${clip} ${run++}`
          const before = kept.get(key)
          const out = before ?? await session.run(feeds, wanted)
          if (before === undefined) kept.set(key, small(out))
          return out.weights === undefined || player.wanted === undefined ? out : {
            ...out, weights: headsOf(out.weights, player.wanted),
          }
        },
      }
    },
  }
  return player
}

/**
 * Keys and values need not be kept: nobody reads them a second time. Their number of positions is read, so it stays,
 * and heads without width remain.
 */
function small(out: Tensors): Tensors {
  return Object.fromEntries(Object.entries(out).map(([name, tensor]) => [
    name, /^(new_past|memory_(keys|values)_)/.test(name) ? withoutWidth(tensor) : tensor,
  ]))
}

function withoutWidth({ dims }: Tensor): Tensor {
  return new Tensor('float32', new Float32Array(0), [...dims.slice(0, -1), 0])
}

function headsOf({ data, dims }: Tensor, heads: readonly number[]): Tensor {
  const size = dims[1]! * dims[2]!
  const result = new Float32Array(heads.length * size)
  heads.forEach((head, place) => { result.set(
    (data as Float32Array).subarray(head * size, (head + 1) * size), place * size,
  ) })
  return new Tensor('float32', result, [heads.length, dims[1]!, dims[2]!])
}
