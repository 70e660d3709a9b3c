/**
 * Incremental recognition of one utterance, for every model family: samples are pushed, and hypotheses are read between
 * pushes. No route uses it yet; the contract tests do.
 */
import { SpeechError } from '../domain/errors.js'
import type { Hypothesis } from '../domain/transcript.js'
import type { RecognitionStream, RecognizeOptions, Recognizer } from './recognizer.js'

/** The stream of the family, or one that decodes all samples again for each hypothesis. */
export function openStream(recognizer: Recognizer, options: RecognizeOptions): RecognitionStream {
  return recognizer.openStream?.(options) ?? redecodingStream(recognizer, options)
}

/** Costs a whole decode for each hypothesis; samples beyond the longest clip of the recognizer are refused. */
function redecodingStream(recognizer: Recognizer, options: RecognizeOptions): RecognitionStream {
  const { sampleRate, maxSeconds } = recognizer
  const maxSamples = Math.floor(maxSeconds * sampleRate)
  let samples = new Float32Array(Math.min(maxSamples, sampleRate))
  let length = 0
  let isFinished = false
  let known: { readonly length: number; readonly hypothesis: Hypothesis } | undefined

  const decode = async (): Promise<Hypothesis> => {
    if (known?.length === length) return known.hypothesis
    const waveform = { samples: samples.subarray(0, length), sampleRate }
    const clip = { waveform, startSeconds: 0, endSeconds: length / sampleRate }
    known = { length, hypothesis: await recognizer.recognize(clip, options) }
    return known.hypothesis
  }

  return {
    push(more) {
      if (isFinished) throw new Error('a stream that is finished takes no samples')
      const needed = length + more.length
      if (needed > maxSamples) {
        const seconds = (needed / sampleRate).toFixed(1)
        throw new SpeechError('AUDIO_TOO_LONG', `${seconds} s, at most ${maxSeconds} s in one stream`)
      }
      if (needed > samples.length) {
        samples = enlarged(samples, Math.min(maxSamples, Math.max(needed, 2 * samples.length)))
      }
      samples.set(more, length)
      length = needed
    },
    hypothesis: decode,
    finish() {
      isFinished = true
      return decode()
    },
  }
}

function enlarged(samples: Float32Array, length: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(length)
  larger.set(samples)
  return larger
}
