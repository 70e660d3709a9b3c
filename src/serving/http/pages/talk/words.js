/** What codes of a report mean, for people. docs/api.md has the exact rules. */

/** @type {Readonly<Record<string, string>>} */
export const WARNINGS = {
  too_quiet: 'The recording is very quiet. Move closer, or turn the microphone up.',
  clipped: 'The recording is overdriven. Turn the microphone down, or move back.',
  noisy: 'There is much noise around the voice.',
  narrowband: 'The upper part of the voice is missing, as on a telephone.',
  dc_offset: 'The sound card adds a constant to the signal.',
  too_short: 'This is shorter than 0.3 seconds.',
  truncated: 'The recording ends early: some of it did not arrive.',
  unused_speech: 'Speech on another channel at the same time is not in the text.',
  low_confidence: 'The recognizer is unsure of these words.',
  repetition: 'The recognizer began to repeat itself; one copy is kept.',
  token_limit: 'The text reached its longest length and may be cut.',
}

/** @type {Readonly<Record<string, string>>} */
export const NO_SPEECH = {
  no_samples: 'There is no audio.',
  digital_silence: 'The recording is completely silent. Is the microphone muted?',
  too_quiet: 'The recording is too quiet to be speech.',
  no_speech_detected: 'There is sound, but no speech was found in it.',
  nothing_recognized: 'There may be speech, but no words were recognized.',
  words_rejected: 'The words that were recognized are not credible.',
}

/** @type {Readonly<Record<string, string>>} */
export const REASONS = {
  pause: 'ended by the pause',
  complete: 'ended early: the words are complete',
  committed: 'ended by you',
  max_length: 'ended at the longest length',
  end_of_stream: 'ended with the audio',
}
