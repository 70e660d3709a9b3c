/**
 * The access key, if the service requires one. The browser stores it until the tab is closed. It is sent as a header,
 * never as part of a URL.
 */
import { element, setText } from './elements.js'

/** The page says which scope it needs, and what that protects. */
const { scope = '', protects = '' } = document.body.dataset
const STORED_AS = 'earshot-access-key'
/** @type {Readonly<Record<'KEY_MISSING' | 'KEY_INVALID' | 'KEY_EXPIRED' | 'KEY_SCOPE', string>>} */
const EXPLANATIONS = Object.freeze({
  KEY_MISSING: '',
  KEY_INVALID: 'The service does not know this key.',
  KEY_EXPIRED: 'This key has expired.',
  KEY_SCOPE: `This key does not give access to this page: it lacks the scope “${scope}”.`,
})
/** @typedef {keyof typeof EXPLANATIONS} Refusal */

const field = element('input', {
  id: 'key', type: 'password', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', required: '',
})
const trouble = element('p', { id: 'key-trouble', class: 'refused', role: 'alert' })
const form = element('form', { id: 'key-form', class: 'entry-form', hidden: '' },
  element('h2', {}, 'This service requires an access key'),
  element('p', {},
    `A key with the scope “${scope}” gives access to ${protects}. Your browser keeps it for this tab only.`),
  element('p', { class: 'entry' },
    element('label', { for: 'key' }, 'Access key'), field, element('button', {}, 'Show')),
  trouble)
document.querySelector('main')?.before(form)
let key = readStoredKey()

/**
 * The error code if the service refused because of the key; null for other errors.
 * @param {unknown} body
 * @returns {Refusal | null}
 */
export function refusalOf(body) {
  const code = /** @type {{ error?: { code?: unknown } } | null} */ (body)?.error?.code
  return typeof code === 'string' && code in EXPLANATIONS ? /** @type {Refusal} */ (code) : null
}

/** @returns {Record<string, string>} */
export function keyHeaders() {
  return key === '' ? {} : { authorization: `Bearer ${key}` }
}

export function isAskingForKey() {
  return !form.hidden
}

/** @param {Refusal} refusal */
export function askForKey(refusal) {
  storeKey('')
  showForm(true)
  field.value = ''
  setText(trouble, EXPLANATIONS[refusal])
  field.focus()
}

/** @param {() => void} proceed called after each entry of a key */
export function onKey(proceed) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    storeKey(field.value.trim())
    field.value = ''
    showForm(false)
    proceed()
  })
}

/** @param {boolean} asking */
function showForm(asking) {
  form.hidden = !asking
  document.body.classList.toggle('locked', asking)
  // A link cannot send the header with the key, so links to protected routes are hidden.
  document.body.classList.toggle('keyed', asking || key !== '')
}

function readStoredKey() {
  const found = storage()?.getItem(STORED_AS) ?? ''
  document.body.classList.toggle('keyed', found !== '')
  return found
}

/** @param {string} value empty to delete the stored key */
function storeKey(value) {
  key = value
  if (value === '') storage()?.removeItem(STORED_AS)
  else storage()?.setItem(STORED_AS, value)
}

/** Null if the browser blocks storage; the key is then lost when the page is reloaded. */
function storage() {
  try {
    return window.sessionStorage
  } catch {
    return null
  }
}
