/**
 * The access key, where the service asks for one: typed in once, kept by the browser for this tab alone and forgotten
 * with it, sent as a header and never as part of an address.
 */
import { part, setText } from './elements.js'

const STORED_AS = 'earshot-access-key'
const EXPLANATIONS = Object.freeze({
  KEY_MISSING: '',
  KEY_INVALID: 'The service does not know this key.',
  KEY_EXPIRED: 'This key has expired.',
  KEY_SCOPE: 'This key may not read drift and traffic: it lacks the scope “metrics”.',
})
/** @typedef {keyof typeof EXPLANATIONS} Refusal */

const form = /** @type {HTMLFormElement} */ (part('key-form'))
const field = /** @type {HTMLInputElement} */ (part('key'))
let key = stored()

/** Why the service refuses, when it is for want of a key. @param {unknown} body @returns {Refusal | null} */
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
  keep('')
  show(true)
  field.value = ''
  setText(part('key-trouble'), EXPLANATIONS[refusal])
  field.focus()
}

/** @param {() => void} proceed called whenever a key was given */
export function onKey(proceed) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    keep(field.value.trim())
    field.value = ''
    show(false)
    proceed()
  })
}

/** @param {boolean} asking */
function show(asking) {
  form.hidden = !asking
  document.body.classList.toggle('locked', asking)
  // Links cannot carry the key.
  document.body.classList.toggle('keyed', asking || key !== '')
}

function stored() {
  const kept = storage()?.getItem(STORED_AS) ?? ''
  document.body.classList.toggle('keyed', kept !== '')
  return kept
}

/** @param {string} given */
function keep(given) {
  key = given
  if (given === '') storage()?.removeItem(STORED_AS)
  else storage()?.setItem(STORED_AS, given)
}

/** A browser may be told to keep nothing; the key then lasts as long as the page. */
function storage() {
  try {
    return window.sessionStorage
  } catch {
    return null
  }
}
