/** Made-up clips: a label, what was heard, and perhaps what was measured. */
import { observedClip, type ObservedClip } from '../../../src/data/error-analysis/clip.js'
import type { ListedClip } from '../../../src/data/error-analysis/manifest.js'
import { NO_EVIDENCE, type Evidence } from '../../../src/data/error-analysis/causes.js'
import { explainClip, type ExplainedClip } from '../../../src/data/error-analysis/explained.js'
import type { Report } from '../../../src/domain/report.js'
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import { REPORT } from '../../serving/http/fake-service.js'

let count = 0

export function observed(
  text: string, heard: string, listed: Partial<ListedClip> = {}, report: Partial<Report> = {},
): ObservedClip {
  const clip = `${++count}.wav`
  const line = {
    clip, file: clip, id: null, text, source: 'made', speaker: null, tags: [], fields: {}, weight: 1, ...listed,
  }
  return observedClip(line, { ...REPORT, text: heard, noSpeechReason: null, warnings: [], ...report }, 'en')
}

export function explained(clip: ObservedClip, evidence: Partial<Evidence> = {}): ExplainedClip {
  return explainClip(clip, { ...NO_EVIDENCE, ...evidence }, { language: 'en', soundOf: (word) => word })
}

const WORDS = 'red orange yellow green blue violet black white'.split(' ')

/**
 * Clips of eight words by speakers with rates of their own, and with properties that mean nothing; `rateOf` may add
 * errors to some.
 */
export function simulated(
  seed: number, { speakers = 40, clipsEach = 8, rateOf = (_tags: readonly string[]): number => 1 } = {},
): ObservedClip[] {
  const random = seededRandom(seed)
  return Array.from({ length: speakers }, (_, speaker) => {
    const ownRate = 0.05 + 0.15 * random()
    const ofSpeaker = [random() < 0.5 ? 'woman' : 'man', random() < 0.3 ? 'accent' : 'native']
    return Array.from({ length: 1 + Math.floor(random() * 2 * clipsEach) }, () => {
      const tags = [...ofSpeaker, ...random() < 0.3 ? ['far'] : [], ...random() < 0.4 ? ['music'] : []]
      const rate = ownRate * rateOf(tags)
      const heard = WORDS.map((word) => random() < rate ? 'grey' : word).join(' ')
      const { input } = REPORT
      const measured = { ...input, snrDb: 10 + 30 * random(), loudnessLufs: -30 + 10 * random() }
      return observed(WORDS.join(' '), heard, { speaker: `s${speaker}`, tags }, { input: measured })
    })
  }).flat()
}
