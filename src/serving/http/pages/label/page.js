/**
 * Labelling by keyboard. A clip is played as soon as it is there; a suggestion is taken with one key, or the text is
 * edited. The next clip is loaded meanwhile. What was typed is never lost: a clip leaves the screen when its label is
 * saved.
 */
import { part, setText } from '../shared/elements.js'
import { onKey } from '../shared/key.js'
import { get, KeyNeeded, post, RequestFailed } from '../shared/requests.js'
import { draftOf, dropDraft, keepDraft, storeAuthor, storedAuthor } from './drafts.js'
import { listen } from './keys.js'
import { load, suggestionsOf } from './loading.js'
import * as player from './player.js'
import * as field from './text-field.js'
import {
  createTags, factsOf, markTaken, showGuide, showProgress, showSuggestions, showTags, showTrouble,
} from './view.js'

/** @import { Label, Progress, Suggestion } from './view.js' */
/** @import { Loaded } from './loading.js' */

const MOST_SUGGESTIONS = 5
const MOST_EARLIER = 100
/** Before the pace means something. */
const FEWEST_FOR_PACE = 5

/** Which clip first, and which others: what the link to this page says. */
const { clip: chosen, ...selection } = Object.fromEntries(new URLSearchParams(location.search))
const work = part('work')

let author = ''
/** @type {Loaded | null} */
let current = null
/** @type {Promise<Loaded | null> | null} */
let upcoming = null
/** @type {Progress | null} */
let progress = null
/** @type {readonly Suggestion[]} */
let suggestions = []
/** @type {Set<string>} */
let tags = new Set()
/** Ids of the clips that were labelled, the last one at the end. @type {string[]} */
let earlier = []
let isSaving = false
/** The text is being changed to what the guide suggests. */
let followed = Promise.resolve()
let saved = 0
let startedAt = 0

start()
function start() {
  field.connect({ onChange: () => { markTaken(field.text()) }, onTrouble: showTrouble })
  createTags(toggleTag)
  for (const [id, act] of Object.entries({
    play: player.toggle, save: () => save('labelled'), unsure: () => save('unsure'), skip: () => save('skipped'),
    back, 'done-back': back, 'change-author': askForAuthor,
  })) part(id).addEventListener('click', () => { void act() })
  part('author-form').addEventListener('submit', (event) => {
    event.preventDefault()
    begin(/** @type {HTMLInputElement} */ (part('author-name')).value.trim())
  })
  listen({
    save, take, back, toggleTag, hasClip: () => !work.hidden, isDone: () => !part('done').hidden,
    endEditing: () => { field.hideCompletions(); work.focus() },
    followGuide: () => { followed = attempt(field.applySuggestions) },
  })
  // What is on the screen stays: the key may have expired while somebody typed.
  onKey(() => { if (current === null) begin(author) })
  const stored = storedAuthor()
  if (stored === '') askForAuthor()
  else begin(stored)
}

function askForAuthor() {
  noteDraft()
  current = null
  player.clear()
  for (const id of ['work', 'done', 'change-author']) part(id).hidden = true
  part('author-form').hidden = false
  part('author-name').focus()
}

/** @param {string} name */
function begin(name) {
  if (name === '') return
  author = name
  storeAuthor(name)
  setText(part('author'), name)
  part('change-author').hidden = false
  part('author-form').hidden = true
  ;[saved, earlier, startedAt] = [0, [], Date.now()]
  void attempt(async () => {
    showGuide((await get('v1/labelling/guide')).rules)
    await advance(chosen === undefined ? next([]) : reopen(chosen))
  })
}

/**
 * Asks for the next clip, and begins to load it.
 * @param {readonly string[]} onScreen
 * @returns {Promise<Loaded | null>}
 */
async function next(onScreen) {
  const reply = await get('v1/labelling/next', { ...selection, author, onScreen })
  progress = reply.progress
  return reply.clip === null ? null : load(reply.clip)
}

/** A certain clip, whoever labelled it. @param {string} id @returns {Promise<Loaded>} */
async function reopen(id) {
  return load((await get('v1/labelling/clip', { clip: id, author })).clip)
}

/** @param {Promise<Loaded | null>} loading */
async function advance(loading) {
  const loaded = await loading
  noteDraft()
  current = loaded
  upcoming = null
  showTrouble(null)
  updateProgress()
  part('done').hidden = loaded !== null
  work.hidden = loaded === null
  if (loaded === null) {
    player.clear()
    part('done').focus()
    return
  }
  upcoming = next([loaded.clip.id])
  upcoming.catch(() => undefined) // asked for again when it is needed
  showClip(loaded)
}

/** @param {Loaded} loaded */
function showClip({ clip, audio, said }) {
  const { label } = clip
  const draft = draftOf(author, clip.id)
  const isShown = () => current?.clip.id === clip.id
  setText(part('clip-title'), clip.id)
  setText(part('clip-facts'), factsOf(clip))
  tags = new Set(draft?.tags ?? label?.tags ?? [])
  showTags(tags)
  field.setText(draft?.text ?? label?.text ?? '')
  offer(null)
  setText(part('wave-note'), '')
  setText(part('text-note'), '')
  work.focus()
  window.scrollTo(0, 0)
  const ready = audio.then((bytes) => isShown() ? player.show(bytes) : undefined)
  void ready.then(() => { if (isShown()) player.play(0) }, (reason) => {
    if (isShown()) setText(part('wave-note'), `The clip cannot be played in this browser (${reason.message}).`)
  }).then(() => said).catch(() => suggestionsOf(clip)).then(({ suggestions: found, speech }) => {
    if (!isShown()) return
    player.showSpeech(speech)
    offer(found)
    const isUntouched = label === null && draft === undefined && tags.size === 0 && field.text() === ''
    if (isUntouched && !field.isEditing()) field.setText(found[0]?.text ?? '')
  }, (reason) => {
    if (isShown()) setText(part('suggestions-note'), `No suggestions: ${reason.message}.`)
  })
}

/** @param {readonly Suggestion[] | null} found null while they are computed */
function offer(found) {
  suggestions = (found ?? []).slice(0, MOST_SUGGESTIONS)
  showSuggestions(found === null ? null : suggestions, (index) => { void take(index) })
  markTaken(field.text())
}

/** What was typed and not saved is there again when the author comes back to the clip. */
function noteDraft() {
  if (current === null) return
  const isOffered = suggestions.some(({ text }) => text === field.text()) || field.text() === ''
  if (!isOffered || tags.size > 0) keepDraft(author, current.clip.id, { text: field.text(), tags: [...tags] })
}

/** @param {number} index */
async function take(index) {
  const suggestion = suggestions[index]
  if (suggestion === undefined) return
  field.setText(suggestion.text)
  await save('labelled')
}

/** @param {string} name */
function toggleTag(name) {
  if (!tags.delete(name)) tags.add(name)
  if (name === 'not speech' && tags.has(name)) field.setText('')
  showTags(tags)
}

/** @param {'labelled' | 'unsure' | 'skipped'} state */
async function save(state) {
  if (current === null || isSaving) return
  isSaving = true
  try {
    await store(current.clip.id, state)
  } finally {
    isSaving = false
  }
}

/** @param {string} clip @param {Label['state']} state */
async function store(clip, state) {
  await followed
  const text = state === 'skipped' ? '' : field.text()
  if (text !== '' || state === 'skipped' || tags.has('not speech')) {
    await attempt(() => saveAndAdvance({ clip, author, text, tags: [...tags], state }))
  } else setText(part('text-note'), 'Write what is said, or press O if nobody speaks.')
}

/** @param {Label & { readonly clip: string, readonly author: string }} label */
async function saveAndAdvance(label) {
  await post('v1/labelling/labels', label)
  dropDraft(author, label.clip)
  current = null // no draft: it is saved
  player.stop()
  earlier = [...earlier.filter((one) => one !== label.clip), label.clip].slice(-MOST_EARLIER)
  if (label.state !== 'skipped') saved++
  await advance(upcoming?.catch(() => next([])) ?? next([]))
  void attempt(refreshProgress) // keys count meanwhile
}

/** The answer that brought the clip on the screen is older than the last label. */
async function refreshProgress() {
  await (upcoming ?? next([]))
  updateProgress()
}

async function back() {
  const id = earlier.pop()
  if (id === undefined) return
  await attempt(async () => {
    await advance(reopen(id))
  })
}

function updateProgress() {
  const hours = (Date.now() - startedAt) / 3_600_000
  if (progress !== null) showProgress(progress, saved < FEWEST_FOR_PACE ? null : saved / hours)
}

/** @param {() => Promise<void>} act */
async function attempt(act) {
  try {
    await act()
  } catch (reason) {
    if (!(reason instanceof RequestFailed)) throw reason
    if (!(reason instanceof KeyNeeded)) showTrouble(reason)
  }
}
