/** Keys: one for each thing that can be done. Letters act while the text is not being edited. */
import { part } from '../shared/elements.js'
import * as player from './player.js'
import { TAGS } from './tags.js'
import * as field from './text-field.js'

/**
 * @typedef {{
 *   readonly save: (state: 'labelled' | 'unsure' | 'skipped') => unknown, readonly take: (index: number) => unknown,
 *   readonly back: () => unknown, readonly toggleTag: (name: string) => unknown, readonly endEditing: () => unknown,
 *   readonly followGuide: () => unknown,
 *   readonly hasClip: () => boolean, readonly isDone: () => boolean
 * }} Actions
 */

const SEEK_SECONDS = 0.5
/** Who speaks to the computer, or types with a switch, can turn keys without a modifier off (WCAG 2.1.4). */
const singleKeys = /** @type {HTMLInputElement} */ (part('single-keys'))

/** @param {Actions} actions */
export function listen(actions) {
  document.addEventListener('keydown', (event) => {
    const { target } = event
    const isInForm = target instanceof HTMLInputElement || target instanceof HTMLSelectElement
    if (isInForm || event.isComposing || event.metaKey || event.altKey) return
    // A key that is held down must not label clips that nobody has heard.
    if (event.repeat && !field.isEditing() && !event.key.startsWith('Arrow')) return
    if (event.repeat && event.key === 'Enter') return
    if (!singleKeys.checked && !field.isEditing() && event.key.length === 1) return
    const act = actions.isDone() && event.key.toLowerCase() === 'b'
      ? actions.back
      : !actions.hasClip() ? undefined : field.isEditing() ? whileEditing(event, actions) : otherwise(event, actions)
    if (act === undefined) return
    event.preventDefault()
    void act()
  })
}

/** @param {KeyboardEvent} event @param {Actions} actions @returns {(() => unknown) | undefined} */
function whileEditing({ key, ctrlKey, shiftKey }, { save, endEditing }) {
  if (key === ' ' && ctrlKey) return player.toggle
  if (ctrlKey) return undefined
  if (field.completeBy(key)) return () => undefined
  if (key === 'Enter' && !shiftKey) return () => save('labelled')
  return key === 'Escape' ? endEditing : undefined
}

/** @param {KeyboardEvent} event @param {Actions} actions @returns {(() => unknown) | undefined} */
function otherwise({ key, ctrlKey, target }, { save, take, back, toggleTag, followGuide }) {
  // A focused button is pressed by Enter and Space, as everywhere.
  const isOnButton = target instanceof HTMLElement && target.matches('button, summary, a')
  if (ctrlKey || (isOnButton && [' ', 'Enter'].includes(key))) return undefined
  const letter = key.toLowerCase()
  const tag = TAGS.find((one) => one.key === letter)
  if (tag !== undefined) return () => toggleTag(tag.name)
  if (/^[1-5]$/.test(key)) return () => take(Number(key) - 1)
  return /** @type {Readonly<Record<string, () => unknown>>} */ ({
    ' ': player.toggle, enter: () => save('labelled'), e: field.edit, u: () => save('unsure'),
    s: () => save('skipped'), b: back, w: followGuide,
    arrowleft: () => player.seek(-SEEK_SECONDS), arrowright: () => player.seek(SEEK_SECONDS),
  })[letter]
}
