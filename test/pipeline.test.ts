/** The road from bytes to report, with a recognizer that says what it is told: what holds whatever the model. */
import t from 'tap'
import { SpeechError } from '../src/errors.js'
import { transcribe, type TranscribeOptions } from '../src/pipeline.js'
import type { Recognizer } from '../src/recognizer.js'
import type { Clip, Hypothesis } from '../src/types.js'
import { wavOfSeconds } from './http/wav.js'

const OPTIONS: TranscribeOptions = { language: undefined, maxAudioSeconds: 60, normalizeVolume: true, trimSilence: true, interrupt: () => undefined }

function saying(texts: readonly string[], change: Partial<Hypothesis> = {}): { recognizer: Recognizer; clips: Clip[] } {
  const clips: Clip[] = []
  const recognizer: Recognizer = {
    name: 'told', sampleRate: 16_000, maxSeconds: 2, languages: ['en', 'de'], provider: { provider: 'cpu', refused: [] },
    async recognize(clip) {
      clips.push(clip)
      const text = texts[(clips.length - 1) % texts.length]!
      return { text, tokens: [4, 5], logProbabilities: [-0.1, -0.2, -0.3], stopped: 'end_of_text', language: 'en', ...change }
    },
    dispose: async () => undefined,
  }
  return { recognizer, clips }
}

t.test('long audio is cut into clips that follow each other and stay inside the upload', async (t) => {
  const { recognizer, clips } = saying(['one', 'two', 'three', 'four', 'five'])
  const report = await transcribe(wavOfSeconds(5), recognizer, { ...OPTIONS, trimSilence: false })
  t.ok(clips.length >= 3, 'five seconds do not fit into two clips of two')
  t.equal(report.text.split(' ').length, clips.length)
  for (const [index, { startSeconds, endSeconds }] of report.segments.entries()) {
    t.ok(startSeconds >= (report.segments[index - 1]?.endSeconds ?? 0) - 1e-9 && endSeconds > startSeconds)
    t.ok(endSeconds - startSeconds <= 2 + 1e-9 && endSeconds <= 5 + 1e-9)
  }
  t.ok(Math.abs(report.input.speechSeconds - 5) < 1e-3, 'nothing is lost between two clips')
  t.ok(Math.abs(report.confidence! - Math.exp(-0.2)) < 1e-9)
})

t.test('silence does not reach the model, and the answer says why it is empty', async (t) => {
  const { recognizer, clips } = saying(['invented'])
  const silence = wavOfSeconds(1).fill(0, 44)
  for (const [bytes, reason] of [[silence, 'digital_silence'], [wavOfSeconds(0), 'no_samples']] as const) {
    t.match(await transcribe(bytes, recognizer, OPTIONS), { text: '', confidence: null, segments: [], noSpeechReason: reason, input: { speechSeconds: 0 } })
  }
  t.equal(clips.length, 0)
})

t.test('notes and dots are no words', async (t) => {
  for (const text of ['', '\u266a\u266a', '...']) {
    t.match(await transcribe(wavOfSeconds(1), saying([text]).recognizer, OPTIONS), { text: '', confidence: null, segments: [], noSpeechReason: 'nothing_recognized' })
  }
  t.match(await transcribe(wavOfSeconds(1), saying(['42']).recognizer, OPTIONS), { text: '42', noSpeechReason: null })
})

t.test('what the decoder doubts is marked, and what the input lacks', async (t) => {
  const looping = await transcribe(wavOfSeconds(1), saying(['no no'], { stopped: 'repetition' }).recognizer, OPTIONS)
  t.same(looping.warnings, ['repetition'])
  const short = await transcribe(wavOfSeconds(0.2), saying(['a'], { stopped: 'token_limit' }).recognizer, OPTIONS)
  t.same(short.warnings, ['too_short', 'token_limit'])
})

t.test('an unknown language, a long upload and an interrupt end the work before the model', async (t) => {
  const { recognizer, clips } = saying(['x'])
  await t.rejects(transcribe(wavOfSeconds(1), recognizer, { ...OPTIONS, language: 'fr' }), { code: 'LANGUAGE_UNSUPPORTED', parameter: 'language' })
  await t.rejects(transcribe(wavOfSeconds(3), recognizer, { ...OPTIONS, maxAudioSeconds: 2 }), { code: 'AUDIO_TOO_LONG' })
  await t.rejects(transcribe(wavOfSeconds(1), recognizer, { ...OPTIONS, interrupt: () => { throw new SpeechError('CANCELLED') } }), { code: 'CANCELLED' })
  t.equal(clips.length, 0)
})
