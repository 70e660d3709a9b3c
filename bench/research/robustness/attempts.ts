/**
 * All attempts to make the transcripts of doubtful clips better, one row of the table each. Where an attempt decodes
 * again, the more probable hypothesis wins, as between the passes of the service (`recognition/redecoding.ts`).
 */
import { meanLogProbability, totalLogProbability } from '../../../src/domain/log-probability.js'
import type { Waveform } from '../../../src/domain/audio.js'
import type { Hypothesis } from '../../../src/domain/transcript.js'
import { isMoreProbable } from '../../../src/recognition/redecoding.js'
import { whenDoubtful, type Attempt } from './attempt.js'
import { redrawClippedPeaks } from './clipped-peaks.js'
import { byText, highestSum, logSumExp, mostFrequent, rover, type SpokenWord, type Voting } from './combination.js'
import { subtractLateEcho, weightedPredictionError } from './dereverberation.js'
import { averageSpectrum, deEmphasized, preEmphasized, telephoneBand } from './equalization.js'
import type { PaddedClip } from '../../../src/recognition/segmentation/cut-clips.js'
import type { HeardClip, Timed } from './heard.js'
import { halfOf, saidAfter, saidTwice, withoutCarrier, wordsOf, type Carrier } from './more-context.js'
import { suppressNoise, type Suppression } from './noise-suppression.js'
import { rescorings, type LanguageModels } from './rescoring.js'

export interface Ingredients extends LanguageModels {
  readonly carriers: readonly Carrier[]
}

/** What a further decode finds, if anything. */
type Found = Pick<Timed, 'seconds'> & Partial<Timed>

/** Longer speech is more than a letter, a digit or a word. */
const WORD_SECONDS = 1.2

export function allAttempts(ingredients: Ingredients): Attempt[] {
  return [
    ...paddings(), ...suppressions(), ...equalizations(), ...dereverberations(), ...combinations(),
    ...rescorings(ingredients), ...contexts(ingredients),
  ]
}

/** Other paddings of as many passes; 0.25, 0.34 and 0.42 s are those of the model. */
const PADDINGS = [[0.25, 0.34, 0.6], [0.25, 0.42, 0.6], [0.25, 0.6, 0.42]]

/** Passes of the usual kind: those of earlier versions, and what one more gains, whatever it is. */
function paddings(): Attempt[] {
  return [
    { kind: 'earlier passes', name: 'paddings within the margin', attempt: async (clip) =>
      clip.beyondSeconds === 0 ? keep(clip) : withPaddings(clip, clip.leadingSeconds.map((leading) =>
        leading - clip.beyondSeconds)) },
    ...PADDINGS.map((paddings): Attempt => ({
      kind: 'other passes', name: `${paddings.join(', ')} s before`, attempt: async (clip) =>
        withPaddings(clip, paddings.map((leading) => leading + clip.beyondSeconds)),
    })),
    ...[0.5, 0.6].map((leading) => ({
      kind: 'one more pass', name: `${leading} s before`,
      attempt: whenDoubtful((clip) => once(clip, clip.pad(clip.clip, leading + clip.beyondSeconds))),
    })),
  ]
}

async function withPaddings(clip: HeardClip, leadingSeconds: readonly number[]): Promise<Timed> {
  return withPasses(clip, leadingSeconds.map((leading) => clip.pad(clip.clip, leading)))
}

/** These passes instead of those of the service, until one is clear. */
async function withPasses(clip: HeardClip, padded: readonly PaddedClip[]): Promise<Timed> {
  if (clip.passes.length < 2) return keep(clip)
  const passes: Hypothesis[] = []
  let seconds = -clip.passSeconds
  for (const one of padded) {
    const pass = await clip.decode(one)
    passes.push(pass.hypothesis)
    seconds += pass.seconds
    if (clip.isClear(pass.hypothesis)) break
  }
  return { hypothesis: passes.reduce((best, one) => isMoreProbable(one, best) ? one : best), seconds }
}

function suppressions(): Attempt[] {
  const settings: readonly Suppression[] = [
    { rule: 'subtraction', noise: 'minimum', floorDb: -14 }, { rule: 'wiener', noise: 'minimum', floorDb: -12 },
    { rule: 'log-mmse', noise: 'minimum', floorDb: -12 }, { rule: 'log-mmse', noise: 'minimum', floorDb: -20 },
    { rule: 'log-mmse', noise: 'pauses', floorDb: -12 },
  ]
  return settings.map((one) => onUpload('noise suppression', `${one.rule}, ${one.floorDb} dB, ${one.noise}`, (clip) =>
    suppressNoise(clip.upload, clip.activity, one)))
}

/** As for the warning `clipped` (report.ts). */
const CLIPPED_RATIO = 0.001

function equalizations(): Attempt[] {
  const kind = 'equalization'
  return [
    onUpload(kind, 'pre-emphasis', ({ upload }) => preEmphasized(upload)),
    onUpload(kind, 'de-emphasis', ({ upload }) => deEmphasized(upload)),
    onUpload(kind, '300 to 3400 Hz', ({ upload }) => telephoneBand(upload)),
    onUpload(kind, 'average spectrum', ({ upload, activity }) => averageSpectrum(upload, activity)),
    onUpload(kind, 'clipped peaks redrawn', ({ upload }) => redrawClippedPeaks(upload)),
    onUpload(kind, 'clipped peaks redrawn where the service warns of them', ({ upload, clippedRatio }) =>
      clippedRatio > CLIPPED_RATIO ? redrawClippedPeaks(upload) : undefined),
    ...[1, 2].map((first) => redrawnFrom(kind, first)),
  ]
}

/** Where the service warns of clipping, the passes from this one on get redrawn peaks; no pass is added. */
function redrawnFrom(kind: string, first: number): Attempt {
  return { kind, name: `clipped peaks redrawn from pass ${first + 1} on`, attempt: async (clip) => {
    const upload = clip.clippedRatio > CLIPPED_RATIO ? redrawClippedPeaks(clip.upload) : undefined
    if (upload === undefined) return keep(clip)
    return withPasses(clip, clip.leadingSeconds.map((leading, pass) =>
      clip.pad(pass < first ? clip.clip : clip.recut(upload), leading)))
  } }
}

function dereverberations(): Attempt[] {
  const kind = 'dereverberation'
  return [
    ...[5, 10].map((taps) => onUpload(kind, `prediction error, ${taps} taps`, ({ upload }) =>
      weightedPredictionError(upload, { taps, delayFrames: 2 }))),
    ...[0.3, 0.5].map((reverberationSeconds) => onUpload(kind, `late echo, ${reverberationSeconds} s`, ({ upload }) =>
      subtractLateEcho(upload, { reverberationSeconds, floorDb: -10 }))),
  ]
}

const VOTINGS: Readonly<Record<string, Voting>> = {
  'votes': { votes: 1, confidence: 'mean', ofNoWord: 0.7 },
  'votes and mean confidence': { votes: 0.5, confidence: 'mean', ofNoWord: 0.7 },
  'highest confidence': { votes: 0, confidence: 'highest', ofNoWord: 0.7 },
}

function combinations(): Attempt[] {
  const kind = 'combination of passes'
  const free = (choose: (clip: HeardClip) => Hypothesis) => async (clip: HeardClip): Promise<Timed> =>
    ({ hypothesis: clip.passes.length < 2 ? clip.best : choose(clip), seconds: 0 })
  return [
    { kind, name: 'most frequent text', attempt: free(({ passes }) => mostFrequent(passes)) },
    { kind, name: 'sum over equal texts', attempt: free(({ passes }) => highestSum(passes)) },
    { kind, name: 'sum, each text in each pass', attempt: (clip) => scoredInEachPass(clip, logSumExp) },
    { kind, name: 'product, each text in each pass', attempt: (clip) => scoredInEachPass(clip, totalLogProbability) },
    ...Object.entries(VOTINGS).map(([name, voting]): Attempt => ({
      kind, name: `ROVER, ${name}`, attempt: free(({ passes, best }) => {
        // Ties go to the base, which is the transcript of the service.
        const ordered = [best, ...passes.filter((one) => one !== best)]
        return { ...best, text: rover(ordered.map(confidentWords), voting) || best.text }
      }),
    })),
  ]
}

function confidentWords(hypothesis: Hypothesis): SpokenWord[] {
  return wordsOf(hypothesis).map(({ text, spoken }) => ({
    text, confidence: Math.exp(meanLogProbability(spoken.map((token) => hypothesis.logProbabilities[token]!))),
  }))
}

/** Each text that any pass found, by forced decoding under the padding of every pass. */
async function scoredInEachPass(clip: HeardClip, combine: (scores: readonly number[]) => number): Promise<Timed> {
  const groups = byText(clip.passes)
  if (groups.length < 2) return { hypothesis: clip.best, seconds: 0 }
  const texts = groups.map(([one]) => one!.text)
  const scores: (readonly number[])[] = []
  let seconds = 0
  for (const leading of clip.leadingSeconds.slice(0, clip.passes.length)) {
    const decoded = await clip.decode(clip.pad(clip.clip, leading), { rescorable: true })
    const since = performance.now()
    scores.push(await decoded.hypothesis.rescore!(texts))
    seconds += decoded.seconds + (performance.now() - since) / 1000
  }
  const totals = texts.map((_, index) => combine(scores.map((own) => own[index]!)))
  const chosen = totals.indexOf(Math.max(...totals))
  return { hypothesis: groups[chosen]![0]!, seconds }
}

function contexts({ carriers }: Ingredients): Attempt[] {
  const kind = 'more context'
  const forWord = (name: string, attempt: Attempt['attempt']): Attempt => ({ kind, name, attempt: async (clip) => {
    const { startSeconds, endSeconds } = clip.clip.speech
    if (endSeconds - startSeconds > WORD_SECONDS) return { hypothesis: clip.best, seconds: 0 }
    return whenDoubtful(attempt)(clip)
  } })
  const twice = async (clip: HeardClip, pauseSeconds: number): Promise<Found> => {
    const { hypothesis, seconds } = await clip.decode(saidTwice(clip, pauseSeconds))
    const half = halfOf(hypothesis)
    return { seconds, ...half && { hypothesis: half } }
  }
  return [
    forWord('1 s of silence before', (clip) => once(clip, clip.pad(clip.clip, 1))),
    forWord('1 s of silence behind', (clip) => once(clip, clip.pad(clip.clip, clip.leadingSeconds[0]!, 1))),
    ...[0.4, 1.2].map((pause) => forWord(`said twice, ${pause} s apart`, async (clip) =>
      moreProbable(clip, await twice(clip, pause)))),
    forWord('said twice, 0.4 s apart, taken if both are equal', async (clip) =>
      ({ hypothesis: clip.best, ...await twice(clip, 0.4) })),
    ...carriers.map((carrier) => forWord(`after "${carrier.text}"`, async (clip) => {
      const { hypothesis, seconds } = await clip.decode(saidAfter(carrier, clip))
      const rest = withoutCarrier(hypothesis, carrier)
      return moreProbable(clip, { seconds, ...rest && { hypothesis: rest } })
    })),
  ]
}

function keep({ best }: HeardClip): Timed {
  return { hypothesis: best, seconds: 0 }
}

/** A change of the upload, after which it is decoded once; undefined where there is nothing to change. */
function onUpload(kind: string, name: string, change: (clip: HeardClip) => Waveform | undefined): Attempt {
  return { kind, name, attempt: whenDoubtful(async (clip) => {
    const since = performance.now()
    const changed = change(clip)
    const padded = changed && clip.pad(clip.recut(changed), clip.leadingSeconds[0]!)
    const changeSeconds = (performance.now() - since) / 1000
    if (padded === undefined) return { hypothesis: clip.best, seconds: changeSeconds }
    const chosen = await once(clip, padded)
    return { ...chosen, seconds: chosen.seconds + changeSeconds }
  }) }
}

async function once(clip: HeardClip, padded: Parameters<HeardClip['decode']>[0]): Promise<Timed> {
  return moreProbable(clip, await clip.decode(padded))
}

function moreProbable({ best }: HeardClip, { hypothesis, seconds }: Found): Timed {
  const isBetter = hypothesis !== undefined && isMoreProbable(hypothesis, best)
  return { hypothesis: isBetter ? hypothesis : best, seconds }
}
