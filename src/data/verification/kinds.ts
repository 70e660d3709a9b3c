/**
 * The table of what can be wrong with a set of clips. A check yields findings of these kinds and decides nothing about
 * their rank: severity, harm and probability stand here, so that two kinds can be compared and changed in one place.
 *
 * Findings are ranked by expected cost: the probability that the finding is a fault, times the harm. Harm is the share
 * of the clip that is lost to training, or the share of a figure that becomes wrong in a test: 1 for a clip that
 * cannot be used, or for a test clip that the model was trained on. The probabilities are rounded shares of findings
 * that were right on the development clips with planted faults (docs/benchmarks.md, `planted`); they rank, and are no
 * calibrated values.
 *
 * A new kind is one entry here, one check in `checks/` and one row in docs/verify-data.md.
 */

export const SEVERITIES = ['error', 'warning', 'note'] as const
/** `error`: the clip or its label is wrong. `warning`: it is probably harmful. `note`: worth knowing about the set. */
export type Severity = (typeof SEVERITIES)[number]

interface KindEntry {
  readonly severity: Severity
  /** Share of the clip that is lost, or of a figure that is wrong, in [0, 1]. */
  readonly harm: number
  /** That a finding of this kind is a fault, in [0, 1]. */
  readonly probability: number
  /** What it means, for a table. */
  readonly says: string
}

export const KINDS = {
  line_invalid: { severity: 'error', harm: 1, probability: 1, says: 'a line of the manifest that cannot be read' },
  unreadable: { severity: 'error', harm: 1, probability: 1, says: 'the audio is missing or cannot be decoded' },
  leak_audio: { severity: 'error', harm: 1, probability: 0.97, says: 'the same recording is in two splits' },
  label_conflict: { severity: 'error', harm: 0.9, probability: 0.97, says: 'one recording has two different labels' },
  rate_mismatch: { severity: 'error', harm: 1, probability: 0.95, says: 'the sample rate is not the declared one' },
  no_speech: { severity: 'error', harm: 1, probability: 0.9, says: 'there is a label, but no speech was found' },
  truncated: { severity: 'error', harm: 0.8, probability: 0.95, says: 'the file ends before its declared length' },
  speech_unlabelled: { severity: 'error', harm: 0.8, probability: 0.9, says: 'speech without a label' },
  length_mismatch: { severity: 'error', harm: 0.6, probability: 0.95, says: 'the length is not the declared one' },
  label_alphabet: { severity: 'error', harm: 0.5, probability: 0.9, says: 'characters outside of the alphabet' },
  label_contradicted: { severity: 'warning', harm: 0.9, probability: 0.7, says: 'the audio says other words' },
  duplicate_bytes: { severity: 'warning', harm: 0.5, probability: 1, says: 'the same file is listed twice' },
  duplicate_audio: { severity: 'warning', harm: 0.5, probability: 0.95, says: 'the same recording is listed twice' },
  labellers_differ: { severity: 'warning', harm: 0.6, probability: 0.7, says: 'two labellers wrote other words' },
  leak_speaker: { severity: 'warning', harm: 0.6, probability: 0.7, says: 'a speaker is in two splits' },
  leak_text: { severity: 'warning', harm: 0.5, probability: 0.7, says: 'a speaker says the same text in two splits' },
  speaking_rate: { severity: 'warning', harm: 0.8, probability: 0.5, says: 'too many or too few words for the audio' },
  second_talker: { severity: 'warning', harm: 0.5, probability: 0.7, says: 'somebody else talks at the same time' },
  label_typo: { severity: 'warning', harm: 0.5, probability: 0.6, says: 'probably a typing error' },
  not_recognized: { severity: 'warning', harm: 0.3, probability: 0.9, says: 'the recognizer failed on the clip' },
  clipped: { severity: 'warning', harm: 0.4, probability: 0.9, says: 'the signal is clipped' },
  noisy: { severity: 'warning', harm: 0.3, probability: 0.7, says: 'the noise is near the level of the speech' },
  channels_differ: { severity: 'warning', harm: 0.3, probability: 0.8, says: 'the channels are different signals' },
  label_convention: { severity: 'warning', harm: 0.3, probability: 0.8, says: 'other labels write it differently' },
  narrowband: { severity: 'warning', harm: 0.3, probability: 0.8, says: 'less bandwidth than the rate promises' },
  loudness_outlier: { severity: 'warning', harm: 0.2, probability: 0.7, says: 'far from the loudness of its source' },
  long_silence: { severity: 'warning', harm: 0.2, probability: 0.7, says: 'more silence than its source has' },
  label_guide: { severity: 'note', harm: 0.2, probability: 0.5, says: 'a rule of the labelling guide is broken' },
  gain_limited: { severity: 'note', harm: 0.1, probability: 0.8, says: 'a peak keeps it below the target loudness' },
  dc_offset: { severity: 'note', harm: 0.1, probability: 0.9, says: 'the signal has a constant offset' },
  repeated_text: { severity: 'note', harm: 0.05, probability: 1, says: 'a speaker says the same text several times' },
  imbalance: { severity: 'note', harm: 0.1, probability: 0.5, says: 'one speaker, tag or source dominates' },
  vocabulary: { severity: 'note', harm: 0.1, probability: 0.5, says: 'words that are missing or occur once' },
} as const satisfies Record<string, KindEntry>

export type Kind = keyof typeof KINDS
