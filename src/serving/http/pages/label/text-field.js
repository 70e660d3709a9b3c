/** The text of the label: names of the catalogue while typing, and what the guide says about the text. */
import { element, part, setChildren } from '../shared/elements.js'
import { get, post, RequestFailed } from '../shared/requests.js'

/** @typedef {{ readonly name: string, readonly replaces: number }} Completion */
/**
 * @typedef {{
 *   readonly severity: string, readonly start: number, readonly end: number, readonly found: string,
 *   readonly suggestion: string | null, readonly message: string
 * }} Warning
 */

/** After the last key. */
const COMPLETE_AFTER_MS = 80
const WARN_AFTER_MS = 150

const field = /** @type {HTMLTextAreaElement} */ (part('text'))
/** @type {readonly Completion[]} */
let completions = []
let marked = 0
/** @typedef {{ readonly onChange: () => void, readonly onTrouble: (reason: unknown) => void }} Handlers */
/** @type {Handlers} */
let handlers = { onChange: () => undefined, onTrouble: () => undefined }

/** @param {Handlers} given */
export function connect(given) {
  handlers = given
  field.addEventListener('input', () => {
    void complete()
    changed()
  })
}

function changed() {
  handlers.onChange()
  void warn()
}

export function text() {
  return field.value.trim().replace(/\s+/g, ' ')
}

/** @param {string} value */
export function setText(value) {
  field.value = value
  showCompletions([])
  changed()
}

export function edit() {
  field.focus()
  field.setSelectionRange(field.value.length, field.value.length)
}

export function isEditing() {
  return document.activeElement === field
}

/**
 * Handles keys that are about completions.
 * @param {string} key
 * @returns {boolean} whether it was one
 */
export function completeBy(key) {
  if (completions.length === 0) return false
  if (key === 'Tab') take(completions[marked])
  else if (key === 'ArrowDown') mark(marked + 1)
  else if (key === 'ArrowUp') mark(marked - 1)
  else return false
  return true
}

export function hideCompletions() {
  showCompletions([])
}

/**
 * Writes what the guide suggests, where only one thing can be meant. The last place first: offsets stay right. The
 * warnings on the screen may be of an older text, so that they are asked for again.
 */
export async function applySuggestions() {
  const { value } = field
  const warnings = await warningsOf(value)
  if (field.value !== value) return
  setText(warnings.reduceRight((text, { start, end, suggestion }) =>
    suggestion === null ? text : text.slice(0, start) + suggestion + text.slice(end), value))
}

/** @param {string} value @returns {Promise<readonly Warning[]>} */
async function warningsOf(value) {
  return value.trim() === '' ? [] : (await post('v1/labelling/warnings', { text: value })).warnings
}

const complete = latest(COMPLETE_AFTER_MS, async () => {
  const before = field.value.slice(0, field.selectionStart)
  const reply = before.trim() === '' ? { completions: [] } : await get('v1/labelling/completions', { text: before })
  return () => { showCompletions(reply.completions) }
})

const warn = latest(WARN_AFTER_MS, async () => {
  const warnings = await warningsOf(field.value)
  return () => { showWarnings(warnings) }
})

/**
 * A function that does the work once its calls pause, and drops the result of work that a later call has overtaken.
 * @param {number} pauseMs @param {() => Promise<() => void>} work
 */
function latest(pauseMs, work) {
  let call = 0
  return async () => {
    const own = ++call
    await new Promise((resolve) => { setTimeout(resolve, pauseMs) })
    if (own !== call) return
    try {
      const show = await work()
      if (own === call) show()
    } catch (reason) {
      if (!(reason instanceof RequestFailed)) throw reason
      handlers.onTrouble(reason)
    }
  }
}

/** @param {readonly Completion[]} found */
function showCompletions(found) {
  completions = isEditing() ? found : []
  marked = 0
  setChildren(part('completions'), completions.map((completion) => {
    const button = element('button', { type: 'button', tabindex: '-1' }, completion.name)
    button.addEventListener('pointerdown', (event) => {
      event.preventDefault() // the field keeps the focus
      take(completion)
    })
    return element('li', {}, button)
  }))
  mark(0)
}

/** @param {number} index */
function mark(index) {
  marked = (index + completions.length) % Math.max(1, completions.length)
  for (const [at, button] of [...part('completions').querySelectorAll('button')].entries()) {
    button.classList.toggle('marked', at === marked)
    if (at === marked) button.setAttribute('aria-current', 'true')
    else button.removeAttribute('aria-current')
  }
}

/** @param {Completion | undefined} completion */
function take(completion) {
  if (completion === undefined) return
  const { selectionStart: at } = field
  field.setRangeText(completion.name, at - completion.replaces, at, 'end')
  showCompletions([])
  changed()
}

/** @param {readonly Warning[]} found */
function showWarnings(found) {
  setChildren(part('warnings'), found.map(({ severity, found: words, suggestion, message }) => {
    const better = suggestion === null ? '' : suggestion === '' ? ' → (nothing)' : ` → ${suggestion}`
    return element('li', { class: severity },
      element('span', { class: 'found' }, `${words.trim() === '' ? '(here)' : words}${better}`), ` ${message}`)
  }))
}
