/** The n-best list of a clip that was decoded already, and a transcript of that list in place of the first one. */
import { meanLogProbability, totalLogProbability } from '../domain/log-probability.js'
import type { Candidate } from '../domain/phrases.js'
import type { Hypothesis } from '../domain/transcript.js'
import { comparableText } from '../domain/words.js'
import type { BeamRequest } from './decoding/beam-contract.js'
import type { Recognizer } from './recognizer.js'
import { decodeClip, type DecodeOptions } from './redecoding.js'
import type { ClipTranscript } from './stages.js'

/** Transcripts that are compared. */
const N_BEST = 5

export interface NBestList {
  /** Of different words, best first; the first is the transcript that was decoded. */
  readonly list: readonly Candidate[]
  readonly rescore: NonNullable<Hypothesis['rescore']>
}

/** Decodes the clip again, with a beam search. The model has one. */
export async function nBestOf(
  { clip, hypothesis }: ClipTranscript, recognizer: Recognizer, options: DecodeOptions,
): Promise<NBestList> {
  const first = asCandidate(hypothesis)
  const beam = withNBest(options.beamFor?.(recognizer))
  const listing = { ...options, words: false, tokenLogProbabilities: false, rescorable: true, beamFor: () => beam }
  const { hypothesis: { alternatives = [], rescore } } = await decodeClip(clip, recognizer, listing)
  const others = alternatives.filter(({ text }) => comparableText(text) !== comparableText(first.text))
  return { list: [first, ...others].slice(0, N_BEST), rescore: rescore! }
}

/** The transcript with these tokens, with times of its words where they are requested. */
export async function replaced(
  transcript: ClipTranscript, candidate: Candidate, recognizer: Recognizer, options: DecodeOptions,
): Promise<ClipTranscript> {
  const { clip, hypothesis } = transcript
  const { tokens, text, logProbabilities, biasScore, wholePhrase } = candidate
  const needsDecoder = options.words === true || options.tokenLogProbabilities === true
  const given = { ...options, beamFor: undefined, transcript: tokens }
  const forced = needsDecoder ? await decodeClip(clip, recognizer, given) : undefined
  const { alternatives } = hypothesis
  return {
    ...transcript,
    words: forced?.words ?? null,
    hypothesis: {
      ...hypothesis, text, tokens, logProbabilities, stopped: 'end_of_text', biasScore, wholePhrase,
      ...forced?.hypothesis.tokenLogProbabilities && {
        tokenLogProbabilities: forced.hypothesis.tokenLogProbabilities,
      },
      unbiasedText: unbiasedTextOf(candidate, hypothesis),
      ...alternatives && { alternatives: withFirst(candidate, alternatives) },
    },
  }
}

function withNBest(requested: BeamRequest | undefined): BeamRequest {
  return { phrases: requested?.phrases, strength: requested?.strength ?? 0, nBest: N_BEST }
}

export function asCandidate(hypothesis: Hypothesis): Candidate {
  const { text, tokens, logProbabilities, biasScore = 0, wholePhrase = -1, alternatives } = hypothesis
  return {
    text, tokens, logProbabilities, biasScore, wholePhrase,
    confidence: Math.exp(meanLogProbability(logProbabilities)),
    logProbability: totalLogProbability(logProbabilities),
    phrases: alternatives?.[0]?.phrases ?? [],
  }
}

/** Null where biasing did not change the transcript. */
function unbiasedTextOf({ text, phrases }: Candidate, hypothesis: Hypothesis): string | null {
  const unbiased = hypothesis.unbiasedText ?? hypothesis.text
  return phrases.length === 0 || unbiased === text ? null : unbiased
}

function withFirst(first: Candidate, alternatives: readonly Candidate[]): readonly Candidate[] {
  const others = alternatives.filter(({ text }) => comparableText(text) !== comparableText(first.text))
  return [first, ...others].slice(0, alternatives.length)
}
