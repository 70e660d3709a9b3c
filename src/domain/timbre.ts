/** How a voice sounds: what a report says of it, and what drift is measured by. */

/** How many cepstral coefficients describe a voice here. */
export const CEPSTRA = 4

/** How a voice sounds on average, whatever it says and however loud: what a microphone, a codec or a room changes. Null without speech. */
export interface Timbre {
  /** Power from 30 to 250 Hz over that of the whole spectrum, dB; of the whole clip, null for digital silence. */
  readonly lowFrequencyDb: number | null
  /** Mean centre of gravity of the spectrum while somebody speaks, Hz. */
  readonly centroidHz: number | null
  /** Mean spectral flatness (300 to 4000 Hz) while somebody speaks, dB: 0 for white noise. */
  readonly flatnessDb: number | null
  /** Mean mel-frequency cepstral coefficients 1 to 4 while somebody speaks. Shape [4]. */
  readonly cepstrum: readonly number[] | null
  /** Peaks of the loudness curve a second of speech: about one for each syllable. */
  readonly syllablesPerSecond: number | null
}
