/** Reports of clips whose text is known → whether their transcripts and their other alternatives are right. */
import { doubtOfBoth } from '../../recognition/confidence/cascade-correctness.js'
import { doubtOf } from '../../recognition/confidence/correctness.js'
import type { Processed } from '../clips/recognize.js'
import type { SourceClip } from '../clips/clips.js'
import { normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import type { Report } from '../../domain/report.js'
import type { Segment } from '../../domain/transcript.js'
import type { Labelled } from './cross-validate.js'
import type { OtherAlternatives } from './fit.js'

type WithText = Extract<Processed, { report: Report }>

/** Empty transcripts are left out: they have no probability of being right. */
export function labelled(processed: readonly Processed[], onlyRedistributable: boolean): Labelled[] {
  return withText(processed).map(({ clip, report }) => ({
    doubt: doubtOf(report.segments, report.alternatives),
    isRight: isRight(report.text, clip, report.language),
    confidence: report.confidence ?? 0,
    ...originOf(clip, onlyRedistributable),
  }))
}

/** Uploads that are one clip: its curve is that of the first pass, or where it was escalated, that of both models. */
export function labelledWithCascade(processed: readonly Processed[], onlyRedistributable: boolean): Labelled[] {
  return withText(processed).flatMap(({ clip, report: { segments, text, language, confidence } }) => {
    const [segment, ...others] = segments
    const doubt = others.length === 0 && segment !== undefined ? doubtWithCascade(segment) : undefined
    if (doubt === undefined) return []
    const origin = originOf(clip, onlyRedistributable)
    return [{ doubt, isRight: isRight(text, clip, language), confidence: confidence ?? 0, ...origin }]
  })
}

/** Undefined where a segment was escalated and only one model judged it. */
function doubtWithCascade(segment: Segment): number | undefined {
  const { cascade, jointLogProbability } = segment
  if (cascade === 'sure') return doubtOf([segment])
  return jointLogProbability === null ? undefined : doubtOfBoth(jointLogProbability)
}

/** A clip of unknown speaker and session counts as a speaker of its own. */
export function originOf(
  { speaker, session, file, source, isRedistributable }: SourceClip, onlyRedistributable: boolean,
): Pick<Labelled, 'speaker' | 'source' | 'isFitted'> {
  return { speaker: speaker ?? session ?? file, source, isFitted: !onlyRedistributable || isRedistributable }
}

/** Of clips whose transcript is wrong and that are fitted on. */
export function otherAlternatives(processed: readonly Processed[], onlyRedistributable: boolean): OtherAlternatives[] {
  return withText(processed)
    .filter(({ clip, report }) =>
      (!onlyRedistributable || clip.isRedistributable) && report.alternatives.length > 1
        && !isRight(report.text, clip, report.language))
    .map(({ clip, report: { alternatives, language } }) => {
      const others = alternatives.slice(1)
      return {
        logProbabilities: others.map(({ logProbability }) => logProbability),
        right: others.findIndex(({ text }) => isRight(text, clip, language)),
      }
    })
}

export function withText(processed: readonly Processed[]): WithText[] {
  return processed.filter((one): one is WithText => 'report' in one && one.clip.text !== null && one.report.text !== '')
}

/** Whether all words match, after the normalization of the word error rate. */
function isRight(text: string, clip: SourceClip, language: string): boolean {
  return normalizeText(text, language).join(' ') === normalizeReference(clip.text!, language).join(' ')
}
