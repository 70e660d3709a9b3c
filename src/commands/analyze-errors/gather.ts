/** A manifest → clips with their errors and the evidence about each: which passes run over which clips. */
import {
  NO_EVIDENCE, type Evidence, type ExplainOptions, type Variant,
} from '../../data/error-analysis/causes.js'
import { observedClip, type ObservedClip } from '../../data/error-analysis/clip.js'
import { explainClip, type ExplainedClip } from '../../data/error-analysis/explained.js'
import type { ListedClip } from '../../data/error-analysis/manifest.js'
import { MOST_ALTERNATIVES } from '../../data/error-analysis/oracle.js'
import { SpeechError } from '../../domain/errors.js'
import { seededRandom } from '../../domain/scoring/seeded-random.js'
import { printLeftOut, progressOf, requireFewLeftOut } from '../clips/recognize.js'
import { readSide, type Side } from '../compare-models/side.js'
import { runPass, type Pass } from './passes.js'
import type { Reference } from './reference.js'

export interface Sources {
  readonly side: Side
  /** In which the side was read. */
  readonly environment: NodeJS.ProcessEnv
  readonly reference: Reference | undefined
  readonly explain: ExplainOptions
  readonly cacheFolder: string | undefined
}

export interface Gathered {
  readonly clips: readonly ExplainedClip[]
  readonly leftOut: number
}

const CHANGES: Readonly<Partial<Record<Variant, string>>> = {
  'trimming off': 'EARSHOT_TRIM_SILENCE=false',
  'volume normalization off': 'EARSHOT_NORMALIZE_VOLUME=false',
  'neural speech detection': 'EARSHOT_SPEECH_DETECTION=neural',
}

/** Right clips that run with each change as well, at most: chance repairs clips, and breaks as many. */
const MOST_CONTROLS = 300

export async function gather(listed: readonly ListedClip[], sources: Sources): Promise<Gathered> {
  const { side, explain } = sources
  const found = await runPass(listed, passOf(sources, side, listed.length, 'clips'), (clip, report) =>
    observedClip(clip, report, explain.language))
  const clips = found.filter((one): one is ObservedClip => !(one instanceof SpeechError))
  requireMost(listed, found)
  if (clips.every(({ words }) => words === 0)) {
    throw new SpeechError('CLIPS_INVALID', 'no label has a word, so no word can be wrong; label some clips first')
  }
  const evidence = new Map<ObservedClip, Evidence>(clips.map((clip) => [clip, NO_EVIDENCE]))
  const add = (clip: ObservedClip, more: Partial<Evidence>): void => {
    evidence.set(clip, { ...evidence.get(clip)!, ...more })
  }
  const wrong = clips.filter(({ errors }) => errors > 0)
  const again = [...wrong, ...controlOf(clips, wrong.length)]
  const addVariant: AddVariant = (clip, variant, text) => {
    add(clip, { variants: { ...evidence.get(clip)!.variants, [variant]: text } })
  }
  await scoreLabels(again, sources, add, addVariant)
  await runVariants(again, sources, addVariant)
  await askReference(clips, sources, add)
  return {
    clips: clips.map((clip) => explainClip(clip, evidence.get(clip)!, explain)),
    leftOut: listed.length - clips.length,
  }
}

type Add = (clip: ObservedClip, more: Partial<Evidence>) => void
type AddVariant = (clip: ObservedClip, variant: Variant, text: string) => void

/** A list of alternatives needs a beam search, whose own transcript may be another one than that of greedy decoding. */
async function scoreLabels(
  clips: readonly ObservedClip[], sources: Sources, add: Add, addVariant: AddVariant,
): Promise<void> {
  const pass = passOf(sources, sources.side, clips.length, 'clips, label scored')
  const requested = { nBest: MOST_ALTERNATIVES }
  await runPass(clips, { ...pass, requested, scoresLabels: true }, (clip, report) => {
    const { alternatives, labelDifferences = null, text } = report
    add(clip, { alternatives: alternatives.map((one) => one.text), labelDifferences })
    addVariant(clip, 'beam search', text)
  })
}

async function runVariants(clips: readonly ObservedClip[], sources: Sources, add: AddVariant): Promise<void> {
  const { side: { name }, environment } = sources
  for (const [variant, change] of Object.entries(CHANGES) as [Variant, string][]) {
    const side = readSide(`${name}${name.includes('?') ? '&' : '?'}${change}`, environment)
    await runPass(clips, passOf(sources, side, clips.length, `clips, ${variant}`), (clip, { text }) => {
      add(clip, variant, text)
    })
  }
}

async function askReference(clips: readonly ObservedClip[], sources: Sources, add: Add): Promise<void> {
  const { reference } = sources
  if (reference === undefined) return
  if (reference.kind === 'recognizer') {
    const pass = passOf(sources, reference.side, clips.length, 'clips, reference')
    await runPass(clips, pass, (clip, { text }) => add(clip, { reference: text }))
    return
  }
  const known = clips.flatMap((clip) => {
    const text = saidByPeople(clip, reference.textOf)
    return text === undefined ? [] : [{ clip, text }]
  })
  if (known.length === 0) throw new SpeechError('CLIPS_INVALID', 'the labels of people are of none of these clips')
  for (const { clip, text } of known) add(clip, { reference: text })
}

/** Labels name clips by id where the manifest has one, and else by path. */
function saidByPeople({ id, clip }: ObservedClip, textOf: ReadonlyMap<string, string>): string | undefined {
  return (id === null ? undefined : textOf.get(id)) ?? textOf.get(clip)
}

function passOf({ cacheFolder }: Sources, side: Side, count: number, what: string): Pass {
  return { side, cacheFolder, onProgress: progressOf(count, what) }
}

/** As many right clips as there are wrong ones, drawn at random, the same ones each time. */
function controlOf(clips: readonly ObservedClip[], wrong: number): ObservedClip[] {
  const right = clips.filter(({ errors }) => errors === 0)
  const random = seededRandom(1)
  return right.map((clip) => ({ clip, order: random() })).sort((one, other) => one.order - other.order)
    .slice(0, Math.min(wrong, MOST_CONTROLS)).map(({ clip }) => clip)
}

function requireMost(listed: readonly ListedClip[], found: readonly (ObservedClip | SpeechError)[]): void {
  const failed = found.flatMap((one, index) => one instanceof SpeechError ? [{ clip: listed[index]!, error: one }] : [])
  for (const [index, { clip, error }] of failed.entries()) printLeftOut(clip.clip, error, index + 1)
  requireFewLeftOut(failed.length, listed.length, { more: '; npm run verify-data says why' })
}
