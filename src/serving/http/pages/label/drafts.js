/** What was typed and not saved, and who types. Kept in the page; the name of the author in the browser. */

/** @typedef {{ readonly text: string, readonly tags: readonly string[] }} Draft */

const STORED_AS = 'earshot-labeller'
/** @type {Map<string, Draft>} */
const drafts = new Map()

/** Of another author it must not be seen. @param {string} author @param {string} clip */
export function draftOf(author, clip) {
  return drafts.get(keyOf(author, clip))
}

/** @param {string} author @param {string} clip @param {Draft} draft */
export function keepDraft(author, clip, draft) {
  drafts.set(keyOf(author, clip), draft)
}

/** @param {string} author @param {string} clip */
export function dropDraft(author, clip) {
  drafts.delete(keyOf(author, clip))
}

export function storedAuthor() {
  return storage()?.getItem(STORED_AS) ?? ''
}

/** @param {string} author */
export function storeAuthor(author) {
  storage()?.setItem(STORED_AS, author)
}

/** @param {string} author @param {string} clip */
function keyOf(author, clip) {
  return JSON.stringify([author, clip])
}

/** Null if the browser blocks storage; the name is then asked for each time. */
function storage() {
  try {
    return window.localStorage
  } catch {
    return null
  }
}
