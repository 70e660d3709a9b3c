/** Reports of clips whose text is known → whether their transcripts are right, and what else was read. */
import { doubtOf } from '../../recognition/confidence/correctness.js'
import type { Processed } from '../clips/recognize.js'
import type { SourceClip } from '../clips/clips.js'
import { normalizeText } from '../../domain/scoring/normalize.js'
import type { Report } from '../../domain/report.js'
import type { Labelled } from './cross-validate.js'
import type { OtherReadings } from './fit.js'

type Answered = Extract<Processed, { report: Report }>

/** An empty answer has no probability of being right, so it is left out. */
export function labelled(processed: readonly Processed[], onlyRedistributable: boolean): Labelled[] {
  return answered(processed).map(({ clip, report }) => ({
    doubt: doubtOf(report.segments, report.alternatives),
    isRight: isRight(report.text, clip, report.language),
    confidence: report.confidence ?? 0,
    ...originOf(clip, onlyRedistributable),
  }))
}

/** A clip without a speaker is a speaker of its own. */
export function originOf({ speaker, session, file, source, isRedistributable }: SourceClip, onlyRedistributable: boolean): Pick<Labelled, 'speaker' | 'source' | 'isFitted'> {
  return { speaker: speaker ?? session ?? file, source, isFitted: !onlyRedistributable || isRedistributable }
}

/** Of the clips whose transcript is wrong and that may be fitted on, what else was read. */
export function otherReadings(processed: readonly Processed[], onlyRedistributable: boolean): OtherReadings[] {
  return answered(processed)
    .filter(({ clip, report }) => (!onlyRedistributable || clip.isRedistributable) && report.alternatives.length > 1 && !isRight(report.text, clip, report.language))
    .map(({ clip, report: { alternatives, language } }) => {
      const others = alternatives.slice(1)
      return { logProbabilities: others.map(({ logProbability }) => logProbability), right: others.findIndex(({ text }) => isRight(text, clip, language)) }
    })
}

export function answered(processed: readonly Processed[]): Answered[] {
  return processed.filter((one): one is Answered => 'report' in one && one.clip.text !== null && one.report.text !== '')
}

/** Word for word, after the same normalization by which word errors are counted. */
function isRight(text: string, clip: SourceClip, language: string): boolean {
  return normalizeText(text, language).join(' ') === normalizeText(clip.text!, language).join(' ')
}
