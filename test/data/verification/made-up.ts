/** Made-up clips: a quiet ordinary clip, and signals that resemble a voice without being one. */
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import type { Waveform } from '../../../src/domain/audio.js'
import type { AudioFacts, ExaminedClip, Facts, Recognized } from '../../../src/data/verification/facts.js'
import { encodeFingerprint, fingerprintOf } from '../../../src/data/verification/fingerprint.js'
import type { ManifestClip } from '../../../src/data/verification/manifest.js'

/** Syllables of changing pitch and formants, with pauses: the seed decides all of them. */
export function babble(seed: number, seconds: number, sampleRate = 16_000): Waveform {
  const random = seededRandom(seed)
  const samples = new Float32Array(Math.round(seconds * sampleRate))
  for (let start = 0; start < samples.length;) {
    const length = Math.round((0.08 + 0.15 * random()) * sampleRate)
    const pitch = 90 + 130 * random()
    const formants = [300 + 500 * random(), 900 + 1_000 * random()]
    for (let i = 0; i < length && start + i < samples.length; i++) {
      const time = (start + i) / sampleRate
      let sample = 0
      for (let harmonic = 1; harmonic * pitch < 3_400; harmonic++) {
        const distance = Math.min(...formants.map((formant) => Math.abs(harmonic * pitch - formant)))
        sample += Math.exp(-distance / 150) * Math.sin(2 * Math.PI * harmonic * pitch * time)
      }
      samples[start + i] = 0.1 * Math.sin(Math.PI * i / length) * sample + 0.001 * (random() - 0.5)
    }
    start += length + Math.round(0.05 * random() * sampleRate)
  }
  return { samples, sampleRate }
}

export const RECOGNIZED: Recognized = {
  text: 'Turn on the light.', rawText: 'Turn on the light.', language: 'en', model: 'made-up', warnings: [],
  correctness: 0.9, confidence: 0.9, noSpeechReason: null, snrDb: 30, noiseFloorDbfs: -60, speechRatio: 0.8,
  leadingSilenceSeconds: 0.2, trailingSilenceSeconds: 0.2, bandwidthHz: 8_000, speechSeconds: 1.5,
  labelDifferences: [],
}

const EMPTY_PRINT = encodeFingerprint(fingerprintOf({ samples: new Float32Array(0), sampleRate: 16_000 }))

export const AUDIO: AudioFacts = {
  container: 'wav', codec: 'pcm', sampleRate: 16_000, headerRate: 16_000, channels: 1, headerSeconds: 2, seconds: 2,
  truncated: false, loudnessLufs: -20, peakDbfs: -3, rmsDbfs: -22, clippedRatio: 0, dcOffset: 0, gainDb: 2,
  missingGainDb: 0, channelDifferenceDb: null, upperBandDb: -10,
  secondPitch: { strength: 0.25, voicedSeconds: 1 }, fingerprint: EMPTY_PRINT,
}

export interface Changes {
  readonly listed?: Partial<ManifestClip>
  readonly audio?: Partial<AudioFacts>
  readonly recognized?: Partial<Recognized>
  readonly facts?: Partial<Facts>
}

/** An ordinary clip of its own speaker and bytes, with these changes. */
export function clipAt(line: number, { listed, audio, recognized, facts }: Changes = {}): ExaminedClip {
  return {
    listed: {
      clip: `set/${line}.wav`, line, file: `/nowhere/set/${line}.wav`, text: 'turn on the light', seconds: 2,
      sampleRate: 16_000, speaker: `speaker ${line}`, split: null, tags: [], source: 'set',
      fields: { path: `set/${line}.wav`, text: 'turn on the light', seconds: 2, note: 'kept' }, ...listed,
    },
    facts: {
      sha256: `hash ${line}`, unreadable: null, failure: null, audio: { ...AUDIO, ...audio },
      recognized: { ...RECOGNIZED, ...recognized }, ...facts,
    },
  }
}

/** `changed` among twenty ordinary clips. */
export function amongOthers(...changed: readonly ExaminedClip[]): ExaminedClip[] {
  return [...changed, ...Array.from({ length: 20 }, (_, index) => clipAt(100 + index))]
}
