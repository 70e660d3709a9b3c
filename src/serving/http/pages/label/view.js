/** What stands around the text: facts about the clip, suggestions, tags, and how far labelling is. */
import { element, part, setAttribute, setChildren, setText } from '../shared/elements.js'
import { TAGS } from './tags.js'

/** @typedef {{ readonly text: string, readonly source: string, readonly probability: number | null }} Suggestion */
/** @typedef {{ readonly text: string, readonly tags: readonly string[], readonly state: string }} Label */
/**
 * @typedef {{
 *   readonly id: string, readonly time: string | null, readonly reasons: readonly string[],
 *   readonly driftFeatures: readonly string[], readonly tags: readonly string[], readonly label: Label | null
 * }} Clip
 */
/**
 * @typedef {{
 *   readonly clips: number, readonly labelled: number, readonly yours: number, readonly labelledTwice: number,
 *   readonly leftForYou: number
 * }} Progress
 */

/** @param {Clip} clip */
export function factsOf({ time, reasons, driftFeatures, tags: given, label }) {
  return [
    time === null ? [] : `collected ${new Date(time).toLocaleString('en-GB')}`,
    reasons.length === 0 ? [] : `reasons: ${reasons.join(', ')}`,
    driftFeatures.length === 0 ? [] : `drifted in ${driftFeatures.join(', ')}`,
    given.length === 0 ? [] : `tags: ${given.join(', ')}`,
    label === null ? [] : `your label: ${label.state}`,
  ].flat().join(' · ')
}

/**
 * @param {readonly Suggestion[] | null} found null while they are computed
 * @param {(index: number) => void} onTake
 */
export function showSuggestions(found, onTake) {
  const isSilent = found?.every(({ text }) => text === '') ?? false
  setText(part('suggestions-note'), found === null ? 'Recognizing…' : isSilent ? 'The recognizer finds no words.' : '')
  setChildren(part('suggestions'), (found ?? []).map(({ text, source, probability }, index) => {
    const note = source === 'recognizer' ? probability === null ? '' : `${Math.round(100 * probability)} %` : source
    const button = element('button', { type: 'button' }, element('kbd', {}, String(index + 1)),
      element('span', {}, text === '' ? '(no words)' : text), element('small', {}, note))
    button.addEventListener('click', () => { onTake(index) })
    return element('li', {}, button)
  }))
}

/** Marks the suggestion that equals the text. @param {string} text */
export function markTaken(text) {
  for (const button of part('suggestions').querySelectorAll('button')) {
    button.classList.toggle('taken', text !== '' && button.children[1]?.textContent === text)
  }
}

/** @param {(name: string) => void} onToggle */
export function createTags(onToggle) {
  setChildren(part('tags'), TAGS.map(({ key, name }) => {
    const button = element('button', { type: 'button', 'aria-pressed': 'false', 'data-tag': name },
      element('kbd', {}, key.toUpperCase()), ` ${name}`)
    button.addEventListener('click', () => { onToggle(name) })
    return button
  }))
}

/** @param {ReadonlySet<string>} tags */
export function showTags(tags) {
  for (const button of part('tags').children) {
    setAttribute(button, 'aria-pressed', String(tags.has(button.getAttribute('data-tag') ?? '')))
  }
}

/** @param {Progress} progress @param {number | null} pace labels in an hour */
export function showProgress({ clips, labelled, labelledTwice, leftForYou }, pace) {
  const rate = pace === null ? '' : ` · ${Math.round(pace)} an hour`
  setText(part('counts'), `${labelled} of ${clips} labelled · ${leftForYou} left for you${rate}`)
  setAttribute(part('meter'), 'max', Math.max(1, clips))
  setAttribute(part('meter'), 'value', labelled)
  setText(part('done-note'), clips === 0
    ? 'No clips match this selection.'
    : `${labelled} of ${clips} clips are labelled, ${labelledTwice} of them by two people.`)
  document.title = `${leftForYou} left · Labelling · Earshot`
}

/** @param {readonly { readonly write: string }[]} rules */
export function showGuide(rules) {
  setChildren(part('guide'), rules.map(({ write }) => element('li', {}, write)))
}

/** @param {unknown} reason null when there is none */
export function showTrouble(reason) {
  const text = reason instanceof Error ? `${reason.message}. Nothing that you typed is lost; try again.` : ''
  setText(part('trouble'), text)
}
