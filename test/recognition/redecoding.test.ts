/** When a clip is decoded again, and which transcript is taken. */
import tap from 'tap'
import { spokenClips, type SpokenClip } from '../../src/recognition/segmentation/cut-clips.js'
import type { SpeechDetector } from '../../src/recognition/segmentation/detector.js'
import { describeFrames } from '../../src/recognition/features/acoustics.js'
import { decodeClip, type DecodeOptions } from '../../src/recognition/redecoding.js'
import type { Measured } from '../../src/recognition/stages.js'
import { measureLevel } from '../../src/audio/level/loudness.js'
import type { Recognizer } from '../../src/recognition/recognizer.js'
import { findSpeech } from '../../src/recognition/segmentation/find-speech.js'
import { startStageTimer } from '../../src/domain/stage-timer.js'
import type { Clip, SpeechActivity, Waveform } from '../../src/domain/audio.js'
import type { Hypothesis } from '../../src/domain/transcript.js'

const RATE = 16_000
const OPTIONS: DecodeOptions = {
  language: undefined, expectSpeech: true, maxDecodingPasses: 3, pad: true, timer: startStageTimer(),
  interrupt: () => undefined, pause: async () => undefined,
}

const said = (
  text: string, logProbabilities: readonly number[], stopped: Hypothesis['stopped'] = 'end_of_text',
): Hypothesis => ({ text, tokens: [1], logProbabilities, stopped, language: 'en' })

/** Returns the hypotheses in turn, and records the clips. */
function answering(...answers: readonly Hypothesis[]): { recognizer: Recognizer; clips: Clip[] } {
  const clips: Clip[] = []
  const recognizer = {
    padding: { leadingSeconds: [0.3, 0.5, 0.4], trailingSeconds: 0.2, redecodeBelow: -0.3 },
    maxSeconds: 30,
    recognize: async (clip: Clip) => { clips.push(clip); return answers[clips.length - 1]! },
  } as unknown as Recognizer
  return { recognizer, clips }
}

tap.test('a clip with a confident transcript is decoded once', async (t) => {
  const { recognizer, clips } = answering(said('yes', [-0.1, -0.2]))
  const { hypothesis, decodingPasses } = await decodeClip(clipOf(1), recognizer, OPTIONS)
  t.same([hypothesis.text, decodingPasses, clips.length], ['yes', 1, 1])
})

tap.test('a doubtful clip is decoded again until a transcript is confident; the best one is taken', async (t) => {
  const confident = answering(said('bed', [-0.9, -0.2]), said('bird', [-0.1, -0.2]), said('never', [0]))
  t.match(await decodeClip(clipOf(1), confident.recognizer, OPTIONS), {
    hypothesis: { text: 'bird' }, decodingPasses: 2,
  })
  t.same(
    confident.clips.map((clip) => Math.round(10 * leadingSecondsOf(clip)) / 10),
    [0.3, 0.5],
    'paddings of the model, in its order',
  )

  const doubted = answering(said('one', [-1, -1]), said('won', [-0.5, -0.5]), said('wan', [-0.9, -0.9]))
  t.match(await decodeClip(clipOf(1), doubted.recognizer, OPTIONS), { hypothesis: { text: 'won' }, decodingPasses: 3 })
  const twice = answering(said('one', [-1, -1]), said('won', [-0.5, -0.5]), said('wan', [-0.1]))
  t.match(await decodeClip(clipOf(1), twice.recognizer, { ...OPTIONS, maxDecodingPasses: 2 }), {
    hypothesis: { text: 'won' }, decodingPasses: 2,
  })
})

tap.test('a wide margin makes no two passes the same: all paddings grow by what it has beyond the shortest', async (t) => {
  for (const [visibleRangeDb, expected] of [
    [35, [0.3, 0.5, 0.4]], [20, [0.35, 0.55, 0.45]], [10, [0.45, 0.65, 0.55]],
  ] as const) {
    const { recognizer, clips } = answering(said('one', [-1]), said('won', [-1]), said('wan', [-1]))
    await decodeClip(clipOf(1, visibleRangeDb), recognizer, OPTIONS)
    t.same(clips.map((clip) => Math.round(100 * leadingSecondsOf(clip)) / 100), expected, `${visibleRangeDb} dB`)
  }
})

tap.test('agreement is the share of decoding passes with the same words, whatever case and punctuation', async (t) => {
  const agreement = async (...texts: string[]): Promise<number> =>
    (
      await decodeClip(
        clipOf(1),
        answering(...texts.map((text, index) => said(text, [-1 - index]))).recognizer,
        OPTIONS,
      )
    ).agreement
  t.equal(await agreement('Yes.', 'yes', 'YES!'), 1)
  t.equal(await agreement('Yes.', 'guess', 'yes'), 2 / 3)
  t.equal(await agreement('yes', 'guess', 'jest'), 1 / 3)
  t.equal((await decodeClip(clipOf(1), answering(said('yes', [-0.1])).recognizer, OPTIONS)).agreement, 1)
})

tap.test('the whole sequence counts, not its mean: more tokens are less probable', async (t) => {
  const { recognizer } = answering(
    said('short', [-0.5, -0.3]),
    said('much longer', [-0.35, -0.35, -0.35, -0.35]),
    said('', [-3]),
  )
  t.match(await decodeClip(clipOf(1), recognizer, OPTIONS), { hypothesis: { text: 'short' }, decodingPasses: 3 })
})

tap.test('a clip whose transcript was cut off is decoded again, and a complete transcript is preferred', async (t) => {
  const { recognizer } = answering(
    said('la la la', [-0.01], 'repetition'),
    said('later', [-0.7, -0.7]),
    said('la', [-0.01], 'token_limit'),
  )
  t.match(await decodeClip(clipOf(1), recognizer, OPTIONS), { hypothesis: { text: 'later' }, decodingPasses: 3 })
})

tap.test('a clip whose transcript is less probable because of biasing is not decoded again', async (t) => {
  const biased = { ...said('ambleside', [-2, -2]), biasScore: 9, unbiasedLogProbabilities: [-0.1] }
  t.match(await decodeClip(clipOf(1), answering(biased, said('other', [-0.1])).recognizer, OPTIONS), {
    hypothesis: { text: 'ambleside' }, decodingPasses: 1,
  })
  const doubted = { ...biased, unbiasedLogProbabilities: [-2] }
  t.match(
    await decodeClip(clipOf(1), answering(doubted, said('ample side', [-0.1, -0.1])).recognizer, OPTIONS),
    { hypothesis: { text: 'ambleside' }, decodingPasses: 2 },
    'the bias score outweighs the other transcript',
  )
})

tap.test('the score of a phrase is its mean over the passes, and a decisive pass is the last', async (t) => {
  const scored = (text: string, ...ratios: number[]): Hypothesis => ({
    ...said(text, [-2]),
    phraseScores: ratios.map((logLikelihoodRatio, phrase) => ({
      phrase, logLikelihoodRatio, logProbability: logLikelihoodRatio - 1, probability: 0.1,
    })),
  })
  const { hypothesis, decodingPasses } = await decodeClip(
    clipOf(1),
    answering(scored('a', -2, -3), scored('b', -4, -1), scored('c', -3, -2.5)).recognizer,
    OPTIONS,
  )
  t.equal(decodingPasses, 3)
  t.same(
    hypothesis.phraseScores!.map(({ phrase, logLikelihoodRatio }) => [phrase, logLikelihoodRatio.toFixed(3)]),
    [[1, '-2.167'], [0, '-3.000']],
    'the mean of each, best first',
  )
  t.equal(
    (await decodeClip(clipOf(1), answering(scored('a', 1, -3), scored('b', 1, 0)).recognizer, OPTIONS)).decodingPasses,
    1,
  )
})

tap.test('the transcript is from a pass that agrees with the mean scores of the phrases', async (t) => {
  const pass = (text: string, wholePhrase: number, ...ratios: number[]): Hypothesis => ({
    ...said(text, [-2]), unbiasedLogProbabilities: [-2], wholePhrase, phraseScoring: 'exact',
    phraseScores: ratios.map((logLikelihoodRatio, phrase) =>
      ({ phrase, logLikelihoodRatio, logProbability: -1, probability: 0.5 })),
  })
  const passes = (...all: Hypothesis[]) => decodeClip(clipOf(1), answering(...all).recognizer, OPTIONS)
  const mostly = await passes(pass('bed', 0, 3, 0), pass('bad', 1, 0, 0.5), pass('bed', 0, 3, 0))
  t.match(mostly.hypothesis, { text: 'bed', phraseScores: [{ phrase: 0 }] })
  const none = await passes(pass('bed', 0, 0.5, -2), pass('head', -1, -9, -9), pass('head', -1, -9, -9))
  t.equal(none.hypothesis.text, 'head', 'no phrase is probable in all passes together')
  t.ok(none.hypothesis.phraseScores![0]!.probability < 0.4)
})

tap.test('long speech, and a clip without padding, are decoded once', async (t) => {
  const long = answering(said('long', [-2]))
  t.equal((await decodeClip(clipOf(8), long.recognizer, OPTIONS)).decodingPasses, 1)
  const unpadded = answering(said('raw', [-2]))
  const clip = clipOf(1)
  t.equal((await decodeClip(clip, unpadded.recognizer, { ...OPTIONS, pad: false })).decodingPasses, 1)
  t.equal(unpadded.clips[0]!.waveform, clip.waveform)
})

tap.test('words of the best pass are moved to their place in the upload, and stay inside the clip', async (t) => {
  const timed = (
    text: string,
    logProbabilities: readonly number[],
    ...times: readonly (readonly [number, number])[]
  ): Hypothesis => ({
    ...said(text, logProbabilities),
    words: times.map(([startSeconds, endSeconds]) => ({
      text, startSeconds, endSeconds, confidence: 0.5, logProbability: -0.7,
    })),
  })
  const clip = {
    ...clipOf(1), startSeconds: 7, endSeconds: 8, speech: { startSeconds: 7, endSeconds: 8 },
    marginSeconds: { before: 0, after: 0 },
  }
  const { recognizer } = answering(timed('no', [-2], [0.3, 0.4]), timed('yes', [-0.1], [0.1, 0.7], [0.9, 9]))
  const { words } = await decodeClip(clip, recognizer, { ...OPTIONS, words: true })
  t.same(
    words!.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds].map((seconds) => seconds.toFixed(3))),
    [['7.000', '7.200'], ['7.400', '8.000']],
    'there was half a second of silence before the clip',
  )
  const unpadded = answering(timed('raw', [-2], [0.25, 0.5]))
  t.match(await decodeClip(clip, unpadded.recognizer, { ...OPTIONS, pad: false }), {
    words: [{ startSeconds: 7.25, endSeconds: 7.5 }],
  })
  t.equal((await decodeClip(clip, answering(said('none', [-0.1])).recognizer, OPTIONS)).words, null)
})

tap.test('an interrupt ends it between two decoding passes', async (t) => {
  const { recognizer, clips } = answering(said('a', [-2]), said('b', [-2]))
  let calls = 0
  await t.rejects(
    decodeClip(clipOf(1), recognizer, {
      ...OPTIONS,
      interrupt: () => {
        if (++calls > 1) throw new Error('gone')
      },
    }),
    { message: 'gone' },
  )
  t.equal(clips.length, 1)
})

tap.test('the second detector runs only where the first finds no speech or is unsure', async (t) => {
  const cases = [['speech', 0, 'speech'], ['unsure', 1, 'nothing'], ['nothing', 1, 'nothing']] as const
  for (const [verdict, asked, expected] of cases) {
    const second = judging('nothing')
    const { activity, clips, noSpeechReason } = await findSpeech(
      measured(1),
      answering().recognizer,
      {
        detectors: { first: judging(verdict).detector, second: second.detector }, trimSilence: true,
        normalizeVolume: true, interrupt: () => undefined,
      },
      startStageTimer(),
    )
    t.equal(second.asked(), asked, verdict)
    t.equal(activity.verdict, expected)
    t.equal(clips.length === 0, noSpeechReason !== null, 'there is a reason exactly when there are no clips')
  }
})

function judging(verdict: SpeechActivity['verdict']): { detector: SpeechDetector; asked(): number } {
  let count = 0
  const spans = verdict === 'nothing' ? [] : [{ startSeconds: 0.1, endSeconds: 0.9 }]
  const detect = async (): Promise<SpeechActivity> => {
    count++
    return { startSeconds: 0, hopSeconds: 0.01, speech: new Float32Array(100), spans, verdict, visibleRangeDb: 35 }
  }
  return { detector: { name: verdict, detect, dispose: async () => undefined }, asked: () => count }
}

function measured(seconds: number): Measured {
  const waveform = buzz(seconds)
  const format = {
    container: 'wav', codec: 'pcm_s16', sampleRate: RATE, channels: 1, mixing: 'mono', truncated: false,
  } as const
  const recording = { waveform, format, unusedSpeechSeconds: 0 }
  return { recording, audioSeconds: seconds, waveform, frames: describeFrames(waveform), level: measureLevel(waveform) }
}

/** A buzz whose speech is at a known time. */
function clipOf(seconds: number, visibleRangeDb = 35): SpokenClip {
  const waveform = buzz(seconds)
  const activity = {
    startSeconds: 0, hopSeconds: 1, speech: new Float32Array(0), spans: [{ startSeconds: 0, endSeconds: seconds }],
    verdict: 'speech', visibleRangeDb,
  } as const
  return spokenClips(waveform, activity, describeFrames(waveform), {
    maxSeconds: 30,
    leadingSeconds: 0.5,
    trailingSeconds: 0.2,
  })[0]!
}

function buzz(seconds: number): Waveform {
  return {
    samples: Float32Array.from(
      { length: seconds * RATE },
      (_, n) => 0.3 * Math.sign(Math.sin(0.06 * n)) * (1 + 0.5 * Math.sin(n / 900)),
    ),
    sampleRate: RATE,
  }
}

function leadingSecondsOf({ waveform }: Clip): number {
  return waveform.samples.findIndex((sample) => sample !== 0) / waveform.sampleRate
}

