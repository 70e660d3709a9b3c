/** Files: readable, complete, and of the length and the sample rate that header and manifest declare. */
import type { ExaminedClip, AudioFacts } from '../facts.js'
import { finding, type Finding } from '../finding.js'
import type { ManifestClip } from '../manifest.js'
import type { CheckedSet } from './check.js'

/** Manifests round, and decoders of compressed audio pad. */
const TOLERATED_SECONDS = 0.1
const TOLERATED_SHARE = 0.02

/** Rates that recordings have, Hz. */
const COMMON_RATES = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
/** A wrong rate changes the length by an exact ratio; rounded lengths are off by some thousandths. */
const RATIO_TOLERANCE = 0.004

export function* checkFiles({ clips }: CheckedSet): Iterable<Finding> {
  for (const { listed, facts } of clips) {
    const { unreadable, failure, audio } = facts
    if (unreadable !== null) {
      yield finding('unreadable', listed, unreadable.message, { code: unreadable.code })
    }
    if (failure !== null) {
      yield finding('not_recognized', listed, failure.message, { code: failure.code })
    }
    if (audio !== null) yield* checkDeclared({ listed, facts }, audio)
  }
}

/** At most one finding: a wrong rate changes the length as well, and a cut file is shorter than declared. */
function* checkDeclared({ listed }: ExaminedClip, audio: AudioFacts): Iterable<Finding> {
  const rates = rateEvidence(listed, audio)
  if (rates !== undefined) yield finding('rate_mismatch', listed, rates.detail, rates.evidence)
  else if (audio.truncated) {
    const { seconds } = audio
    const declared = listed.seconds === null ? '' : ` of the ${listed.seconds.toFixed(2)} s of the manifest`
    const detail = `the file has fewer bytes than its header declares; it ends after ${seconds.toFixed(2)} s${declared}`
    yield finding('truncated', listed, detail, { seconds, manifestSeconds: listed.seconds })
  } else if (listed.seconds !== null && !isNear(listed.seconds, audio.seconds)) {
    const { seconds } = audio
    const which = seconds < listed.seconds ? 'shorter' : 'longer'
    yield finding(
      'length_mismatch', listed,
      `${seconds.toFixed(2)} s, ${which} than the ${listed.seconds.toFixed(2)} s of the manifest`,
      { manifestSeconds: listed.seconds, seconds },
    )
  }
}

function isNear(declared: number, actual: number): boolean {
  return Math.abs(declared - actual) <= Math.max(TOLERATED_SECONDS, TOLERATED_SHARE * declared)
}

interface Rates {
  readonly detail: string
  readonly evidence: Readonly<Record<string, number>>
}

function rateEvidence({ sampleRate: declared, seconds }: ManifestClip, audio: AudioFacts): Rates | undefined {
  const { headerRate, sampleRate } = audio
  // Opus and HE-AAC decode to another rate than they declare; then the length tells.
  if (declared !== null && declared !== headerRate && declared !== sampleRate) {
    const detail = `${headerRate} Hz by the header, ${declared} Hz by the manifest`
    return { detail, evidence: { manifestRate: declared, headerRate } }
  }
  if (seconds === null || isNear(seconds, audio.seconds) || audio.truncated) return undefined
  const ratio = audio.seconds / seconds
  const likely = COMMON_RATES.find((rate) =>
    rate !== headerRate && Math.abs(headerRate * ratio / rate - 1) < RATIO_TOLERANCE + 0.0005 / seconds)
  if (likely === undefined) return undefined
  const detail = `${audio.seconds.toFixed(2)} s instead of ${seconds.toFixed(2)} s, as if it was recorded at `
    + `${likely} Hz and the header with ${headerRate} Hz is wrong`
  return { detail, evidence: { headerRate, likelyRate: likely, manifestSeconds: seconds, seconds: audio.seconds } }
}
