/** Loads what a clip needs before it is on the screen: its audio, and what may be said in it. */
import { get, getBytes } from '../shared/requests.js'

/** @import { Clip, Suggestion } from './view.js' */
/** @import { Span } from './player.js' */
/** @typedef {{ readonly suggestions: readonly Suggestion[], readonly speech: readonly Span[] }} Suggestions */
/**
 * @typedef {{
 *   readonly clip: Clip, readonly audio: Promise<ArrayBuffer>, readonly said: Promise<Suggestions>
 * }} Loaded
 */

/** @param {Clip} clip @returns {Loaded} */
export function load(clip) {
  const audio = getBytes('v1/labelling/audio', { clip: clip.id })
  const said = suggestionsOf(clip)
  for (const promise of [audio, said]) promise.catch(() => undefined) // who shows the clip gets the error
  return { clip, audio, said }
}

/** @param {Clip} clip @returns {Promise<Suggestions>} */
export function suggestionsOf({ id }) {
  return get('v1/labelling/suggestions', { clip: id })
}
