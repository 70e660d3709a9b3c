/** What may happen to a recording on its way: as it is, in a room with echoes, cut off by a microphone, in noise. */
import type { Waveform } from '../../../src/domain/audio.js'
import { mix } from '../../../fixtures/kit/mixtures.js'
import { noise } from '../../../fixtures/kit/synthesis.js'
import type { CONDITION_NAMES } from '../../declarations/research.js'
import { clippedBy } from '../../audio/variants.js'
import { reverberated } from '../../drift/shifts.js'

/** `clip`: the number of the clip, which is the seed of echo and noise. */
type Condition = (speech: Waveform, clip: number) => Waveform

export const CONDITIONS = {
  clean: (speech) => speech,
  reverberation: (speech, clip) => reverberated(speech, 0.5, clip),
  clipping: (speech) => clippedBy(speech, 12),
  noise: (speech, clip) => mix(speech, noise('pink', speech.samples.length, clip + 1), 5),
} as const satisfies Readonly<Record<ConditionName, Condition>>

export type ConditionName = (typeof CONDITION_NAMES)[number]
