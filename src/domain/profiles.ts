/**
 * What each profile (EARSHOT_PROFILE) sets: models and thresholds that were measured together. A setting that is set
 * itself wins. docs/configuration.md has the accuracy, time, memory and download size of each.
 */
import type { Profile } from './choices.js'
import type { Settings } from './settings.js'

export const PROFILE_SETTINGS: Readonly<Record<Profile, Partial<Settings>>> = {
  fast: {},
  balanced: { EARSHOT_CASCADE_MODEL: 'whisper-small', EARSHOT_CASCADE_BELOW: 0.81 },
  accurate: { EARSHOT_CASCADE_MODEL: 'whisper-small', EARSHOT_CASCADE_BELOW: 0.89 },
}
