/** Examples of answers in /openapi.json: what the service says of one clip, with rounded numbers. */

const FEEDBACK_TOKEN = 'AVsiNzlhNDA5NjYtODFjMC00MTI5…'
const REQUEST_ID = '79a40966-81c0-4129-824e-e69cbd8efa18'
const TEXT = 'Play some jazz music.'
const MODEL = 'tiny-en'

const SEGMENT = {
  startSeconds: 0.002, endSeconds: 1.815, text: TEXT, words: null, confidence: 0.955, meanLogProbability: -0.046,
  tokens: [7412, 777, 21230, 4696, 29889], tokenLogProbabilities: null, stopped: 'end_of_text', agreement: 1,
  model: MODEL, cascade: null, jointLogProbability: null,
}

const INPUT = {
  container: 'wav', codec: 'pcm_s16', sampleRate: 16_000, channels: 1, mixing: 'mono', truncated: false,
  loudnessLufs: -21.1, peakDbfs: -7.3, rmsDbfs: -21.4, clippedRatio: 0, dcOffset: 0.004, snrDb: 50.4,
  noiseFloorDbfs: -72, speechRatio: 0.782, leadingSilenceSeconds: 0.202, trailingSilenceSeconds: 0.193,
  bandwidthHz: 7437.5,
  timbre: {
    lowFrequencyDb: -1.3, centroidHz: 1245.7, flatnessDb: -17.8, cepstrum: [3.46, 4.17, 4.85, 1.92],
    syllablesPerSecond: 4.9,
  },
  audioSeconds: 1.815, speechSeconds: 1.813, trimmedLeadingSeconds: 0.002, trimmedTrailingSeconds: 0,
}

export const REPORT_EXAMPLE = {
  text: TEXT, confidence: 0.955, lowestTokenProbability: 0.803, correctness: 0.912, language: 'en', model: MODEL,
  alternatives: [], segments: [SEGMENT], unbiasedText: null, changedByBiasing: false, steered: false,
  phraseScores: [], evidence: [], decodingPasses: 1, hearings: 1, cascade: null, noSpeechReason: null, warnings: [],
  input: INPUT,
  seconds: {
    receive: 0.001, queue_wait: 0, transfer: 0.005, audio_decode: 0.001, measure: 0.026, features: 0.018,
    normalize: 0.031, model: 0.128, postprocess: 0.001,
  },
  requestId: REQUEST_ID,
  feedbackToken: FEEDBACK_TOKEN,
}

const ALTERNATIVE = {
  text: TEXT, confidence: 0.953, posterior: 0.909, share: 0.909, logProbability: -0.287, phrases: ['some jazz'],
}
const PHRASE_SCORE = { phrase: 'some jazz', logProbability: -19.8 }

export const SEARCH_EXAMPLE = {
  ...REPORT_EXAMPLE,
  alternatives: [ALTERNATIVE],
  phraseScores: [{ ...PHRASE_SCORE, probability: 0.023, logLikelihoodRatio: -20.9 }],
  evidence: [{ ...PHRASE_SCORE, margin: -20.9 }],
  catalogue: null,
  outcome: 'hit',
  hits: [{ id: 'some jazz', name: 'some jazz', score: 0.819, why: ['heard'], inText: 'part', tags: [] }],
  didYouMean: [],
  reason: null,
  searchSeconds: 0.035,
}

export const REALTIME_SECRET_EXAMPLE = {
  value: 'ek_eyJrZXlOYW1lIjoid2ViIn0.c2lnbmF0dXJl', expires_at: 1_796_000_600,
  session: { type: 'transcription', audio: { input: { format: { type: 'audio/pcm', rate: 24_000 } } } },
}

export const CATALOGUE_EXAMPLE = {
  name: 'shop', version: 1, entries: 2, names: 2, loadedAt: '2026-11-30T19:20:40.362Z', compileSeconds: 0.31,
  report: {
    duplicateNames: { count: 1, listed: [{ names: ['hiking boots'], ids: ['b1', 'b2'] }] },
    soundAlikes: { count: 0, listed: [] },
    unspellable: { count: 0, listed: [] },
  },
}

const USAGE = { type: 'duration', seconds: 2 }

/** By media type; see `openai-formats.ts`. */
export const OPENAI_EXAMPLES = {
  json: { text: TEXT, usage: USAGE },
  verboseJson: {
    task: 'transcribe', language: 'english', duration: 1.815, text: TEXT,
    segments: [{
      id: 0, seek: 0, start: 0.002, end: 1.815, text: TEXT, tokens: SEGMENT.tokens, temperature: 0,
      avg_logprob: -0.046, compression_ratio: 0.724, no_speech_prob: 0,
    }],
    usage: USAGE, feedback_token: FEEDBACK_TOKEN,
  },
  text: `${TEXT}\n`,
  srt: `1\n00:00:00,160 --> 00:00:01,624\n${TEXT}\n`,
  vtt: `WEBVTT\n\n00:00:00.160 --> 00:00:01.624\n${TEXT}\n`,
}
