/** How a voice sounds, for reports and for drift. */

/** Number of cepstral coefficients. */
export const CEPSTRA = 4

/**
 * How a voice sounds on average, independent of words and level: what a microphone, a codec or a room changes. Null
 * without speech.
 */
export interface Timbre {
  /** Power from 30 to 250 Hz over that of the whole spectrum, dB; of the whole clip, null for digital silence. */
  readonly lowFrequencyDb: number | null
  /** Mean centre of gravity of the spectrum during speech, Hz. */
  readonly centroidHz: number | null
  /** Mean spectral flatness (300 to 4000 Hz) during speech, dB: 0 for white noise. */
  readonly flatnessDb: number | null
  /** Mean mel-frequency cepstral coefficients 1 to 4 during speech. Shape [4]. */
  readonly cepstrum: readonly number[] | null
  /** Peaks of the loudness curve a second of speech: about one for each syllable. */
  readonly syllablesPerSecond: number | null
}
