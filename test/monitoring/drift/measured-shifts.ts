/**
 * Drift alarms after known changes of the traffic, as the monitor raised them: the features, with the excess of the
 * stability index and Cliff's delta. Baseline and changed clips were made of recorded speech of 67 speakers, with
 * random levels, silences and microphone noise, and recognized by the service: 1,078 clips, and 60 to 200 for each
 * change, repeated until both windows held nothing else.
 */
import type { FeatureName } from '../../../src/monitoring/drift/features.js'

export interface MeasuredChange {
  readonly change: string
  /** What should be found, first of all. */
  readonly causes: readonly string[]
  readonly shifts: readonly (readonly [FeatureName, excess: number, delta: number | null])[]
}

export const MEASURED: readonly MeasuredChange[] = [
  {
    change: 'a telephone gateway: 300 to 3400 Hz, mu-law at 8 kHz',
    causes: ['codec'],
    shifts: [
      ['sample_rate', 13.5, null], ['codec', 13.43, null], ['bandwidth', 7.41, -0.9], ['mfcc_4', 5.16, -0.9],
      ['mfcc_2', 5.15, -0.9], ['mfcc_1', 5.12, 0.9], ['low_frequencies', 4.72, -0.89], ['mfcc_3', 4.13, 0.87],
      ['centroid', 0.86, -0.06], ['tokens_per_second', 0.71, 0.32], ['flatness', 0.43, -0.29],
      ['noise_floor', 0.41, -0.4],
    ],
  },
  {
    change: 'the same for two clips of five',
    causes: ['codec'],
    shifts: [
      ['sample_rate', 3.04, null], ['codec', 3.01, null], ['mfcc_1', 0.9, 0.36], ['mfcc_2', 0.83, -0.37],
      ['bandwidth', 0.81, -0.38], ['low_frequencies', 0.81, -0.43], ['mfcc_4', 0.7, -0.42], ['mfcc_3', 0.61, 0.32],
    ],
  },
  {
    change: 'the same, and 20 dB quieter',
    causes: ['codec', 'level'],
    shifts: [
      ['sample_rate', 13.5, null], ['codec', 13.43, null], ['bandwidth', 7.41, -0.9], ['mfcc_2', 5.06, -0.9],
      ['mfcc_4', 4.86, -0.89], ['peak', 4.73, -0.89], ['mfcc_1', 4.61, 0.89], ['loudness', 4.61, -0.89],
      ['low_frequencies', 4.48, -0.89], ['noise_floor', 3.76, -0.85], ['mfcc_3', 2.49, 0.77],
      ['centroid', 1.12, -0.11], ['tokens_per_second', 0.77, 0.3], ['empty', 0.53, null],
      ['transcript_words', 0.39, -0.07], ['trailing_silence', 0.33, 0.3], ['words_per_second', 0.28, 0.17],
      ['snr', 0.27, -0.08], ['syllable_rate', 0.23, 0], ['flatness', 0.19, -0.23], ['confidence', 0.17, 0.15],
      ['repeat_ratio', 0.13, 0.04], ['lowest_token_probability', 0.09, 0.1], ['leading_silence', 0.09, 0],
      ['decoder_stop', -0.01, null],
    ],
  },
  {
    change: 'Opus in WebM',
    causes: ['codec'],
    shifts: [
      ['sample_rate', 13.5, null], ['codec', 13.43, null], ['bandwidth', 0.31, -0.22],
    ],
  },
  {
    change: 'FLAC',
    causes: ['codec'],
    shifts: [
      ['codec', 13.43, null],
    ],
  },
  {
    change: 'MP3 at 44.1 kHz',
    causes: ['codec'],
    shifts: [
      ['sample_rate', 13.5, null], ['codec', 13.43, null], ['bandwidth', 0.34, -0.23],
    ],
  },
  {
    change: 'recorders at 8 kHz, PCM',
    causes: ['sample_rate'],
    shifts: [
      ['sample_rate', 13.5, null], ['bandwidth', 7.41, -0.9], ['mfcc_2', 5.14, -0.9], ['mfcc_3', 5.13, 0.9],
      ['mfcc_1', 5.12, 0.9], ['mfcc_4', 4.5, -0.89], ['centroid', 0.48, -0.4], ['noise_floor', 0.35, -0.27],
    ],
  },
  {
    change: 'recorders at 48 kHz, PCM',
    causes: ['sample_rate'],
    shifts: [
      ['sample_rate', 13.5, null], ['tokens_per_second', 0.9, 0.16], ['bandwidth', 0.54, -0.3],
    ],
  },
  {
    change: 'two channels',
    causes: ['channels'],
    shifts: [
      ['mixing', 13.55, null],
    ],
  },
  {
    change: '300 to 3400 Hz at an unchanged sample rate',
    causes: ['bandwidth'],
    shifts: [
      ['mfcc_2', 5.13, -0.9], ['bandwidth', 5.08, -0.88], ['mfcc_4', 5.01, -0.9], ['low_frequencies', 4.73, -0.89],
      ['mfcc_1', 4.16, 0.87], ['mfcc_3', 2.48, 0.75], ['centroid', 0.64, 0.01], ['tokens_per_second', 0.58, 0.31],
      ['noise_floor', 0.49, -0.35], ['words_per_second', 0.23, 0.14], ['flatness', 0.2, -0.29],
    ],
  },
  {
    change: 'nothing above 3400 Hz at an unchanged sample rate',
    causes: ['bandwidth'],
    shifts: [
      ['bandwidth', 5.88, -0.89], ['mfcc_2', 5.16, -0.9], ['mfcc_1', 5.14, 0.9], ['mfcc_3', 4.05, 0.87],
      ['mfcc_4', 1.43, -0.59], ['centroid', 0.92, -0.5], ['flatness', 0.74, -0.41], ['noise_floor', 0.35, -0.37],
    ],
  },
  {
    change: 'three clips of ten without speech',
    causes: ['no_speech'],
    shifts: [
      ['empty', 2.08, null], ['hearings', 2.04, null], ['transcript_words', 1.28, -0.39], ['duration', 0.59, 0.07],
      ['speech_ratio', 0.46, -0.36], ['loudness', 0.44, -0.18], ['peak', 0.42, -0.18], ['noise_floor', 0.3, 0.02],
      ['flatness', 0.08, -0.13], ['mfcc_1', 0.07, 0.13], ['centroid', 0.05, -0.08], ['words_per_second', 0.05, -0.04],
      ['confidence', 0.04, -0.08], ['mfcc_2', 0.02, 0.05], ['trailing_silence', 0.02, 0.07],
      ['leading_silence', 0.02, -0.02], ['snr', 0.02, 0.1], ['mfcc_3', 0.01, -0.09],
      ['tokens_per_second', 0.01, -0.04], ['syllable_rate', 0.01, 0], ['lowest_token_probability', 0, -0.07],
      ['repeat_ratio', 0, 0], ['decoder_stop', -0.01, null], ['mfcc_4', -0.01, -0.03],
    ],
  },
  {
    change: 'synthetic voices that speak German',
    causes: ['language'],
    shifts: [
      ['transcript_words', 5.73, 0.63], ['duration', 3.82, 0.48], ['tokens_per_second', 3.46, 0.83],
      ['words_per_second', 3.28, 0.78], ['leading_silence', 2.91, -0.74], ['speech_ratio', 2.9, 0.68],
      ['low_frequencies', 2.83, 0.04], ['lowest_token_probability', 2.6, -0.62], ['syllable_rate', 2.43, 0.66],
      ['flatness', 2.25, -0.2], ['confidence', 2.2, -0.46], ['centroid', 2.15, 0.42], ['mfcc_3', 2.14, 0.7],
      ['mfcc_2', 1.91, 0.41], ['loudness', 1.82, 0.45], ['peak', 1.75, 0.59], ['mfcc_1', 1.74, -0.4],
      ['hearings', 1.5, null], ['snr', 1.09, 0.49], ['trailing_silence', 0.89, 0.31], ['mfcc_4', 0.8, -0.36],
      ['dc_offset', 0.59, 0.23], ['clip_ratio', 0.3, 0.17],
    ],
  },
  {
    change: '20 dB quieter',
    causes: ['level'],
    shifts: [
      ['peak', 5.03, -0.9], ['noise_floor', 4.97, -0.9], ['loudness', 4.69, -0.89],
    ],
  },
  {
    change: '22 dB louder, clipped',
    causes: ['level'],
    shifts: [
      ['clip_ratio', 6.5, 0.93], ['noise_floor', 5.09, 0.9], ['peak', 4.53, 0.89], ['loudness', 4.34, 0.88],
      ['dc_offset', 3.08, 0.77], ['snr', 0.92, -0.35], ['confidence', 0.81, -0.45], ['transcript_words', 0.56, -0.23],
      ['lowest_token_probability', 0.53, -0.39], ['tokens_per_second', 0.48, -0.36],
      ['words_per_second', 0.47, -0.34], ['flatness', 0.46, 0.37], ['hearings', 0.37, null],
      ['duration', 0.33, -0.11], ['empty', 0.15, null], ['decoder_stop', -0.01, null],
    ],
  },
  {
    change: 'recorded noise at 6 dB',
    causes: ['noise'],
    shifts: [
      ['snr', 4.79, -0.89], ['noise_floor', 4.72, 0.89], ['flatness', 0.78, 0.48], ['words_per_second', 0.74, -0.29],
      ['mfcc_3', 0.6, -0.28], ['dc_offset', 0.52, 0.29], ['low_frequencies', 0.44, 0.15],
      ['tokens_per_second', 0.44, -0.31], ['mfcc_4', 0.41, 0.03],
    ],
  },
  {
    change: 'white noise at 8 dB',
    causes: ['noise'],
    shifts: [
      ['snr', 5.15, -0.9], ['noise_floor', 4.57, 0.89], ['mfcc_1', 1.95, -0.66], ['flatness', 1.77, 0.62],
      ['centroid', 1.39, 0.55], ['words_per_second', 1.35, -0.35], ['mfcc_3', 0.86, -0.46],
      ['tokens_per_second', 0.58, -0.31], ['mfcc_4', 0.41, -0.01],
    ],
  },
  {
    change: 'noise, and 1.35 times as fast',
    causes: ['noise', 'speaking_rate'],
    shifts: [
      ['snr', 5.17, -0.9], ['noise_floor', 4.19, 0.88], ['duration', 2.73, -0.61], ['flatness', 1.44, 0.61],
      ['mfcc_1', 1.1, -0.5], ['mfcc_2', 0.83, 0.08], ['leading_silence', 0.77, -0.3],
      ['trailing_silence', 0.67, -0.4], ['syllable_rate', 0.52, -0.07], ['dc_offset', 0.5, 0.29],
      ['mfcc_4', 0.45, 0.17], ['tokens_per_second', 0.44, -0.31], ['centroid', 0.44, 0.24],
    ],
  },
  {
    change: 'an echo of 0.7 s',
    causes: ['reverberation'],
    shifts: [
      ['duration', 3.9, 0.52], ['trailing_silence', 2.11, 0.71], ['syllable_rate', 1.55, -0.6],
      ['tokens_per_second', 1.29, -0.56], ['confidence', 1.29, -0.53], ['lowest_token_probability', 0.98, -0.5],
      ['words_per_second', 0.55, -0.43], ['hearings', 0.43, null],
    ],
  },
  {
    change: '1.35 times as fast',
    causes: ['speaking_rate'],
    shifts: [
      ['duration', 2.78, -0.46], ['leading_silence', 0.62, -0.33], ['syllable_rate', 0.57, 0.28],
      ['words_per_second', 0.42, 0.2], ['loudness', 0.2, -0.24], ['tokens_per_second', 0.16, 0.12],
    ],
  },
  {
    change: '0.7 times as fast',
    causes: ['speaking_rate'],
    shifts: [
      ['duration', 3.18, 0.54], ['syllable_rate', 1.02, -0.36], ['flatness', 0.77, -0.17],
      ['leading_silence', 0.69, 0.45], ['trailing_silence', 0.57, 0.4],
    ],
  },
  {
    change: 'a DC offset of 0.05',
    causes: ['dc_offset'],
    shifts: [
      ['dc_offset', 8.81, 0.97], ['centroid', 3.15, -0.8], ['low_frequencies', 1.37, 0.5], ['mfcc_4', 0.68, 0.31],
    ],
  },
  {
    change: '1.5 s of silence behind',
    causes: ['recording'],
    shifts: [
      ['trailing_silence', 5.17, 0.9], ['duration', 3.53, 0.61], ['noise_floor', 1.18, -0.01],
      ['speech_ratio', 0.97, -0.5],
    ],
  },
  {
    change: 'four utterances in one clip',
    causes: ['recording'],
    shifts: [
      ['duration', 4.4, 0.87], ['repeat_ratio', 3.97, 0.61], ['transcript_words', 3.65, 0.47],
      ['words_per_second', 0.88, -0.26], ['speech_ratio', 0.86, 0.37], ['lowest_token_probability', 0.58, -0.34],
      ['tokens_per_second', 0.39, -0.13], ['decoder_stop', 0.29, null],
    ],
  },
]
