/**
 * The clips of a selection: what an alarm on /drift links to, to listen to and to label. The selection stands in the
 * address, so that it can be passed on.
 */
import { element, part, setAttribute, setChildren, setText } from '../shared/elements.js'
import { onKey } from '../shared/key.js'
import { get, getBytes, KeyNeeded, RequestFailed } from '../shared/requests.js'

/**
 * @typedef {{
 *   readonly id: string, readonly time: string | null, readonly reasons: readonly string[],
 *   readonly driftFeatures: readonly string[], readonly tags: readonly string[], readonly labels: number
 * }} Clip
 */

const FIELDS = /** @type {const} */ (['from', 'to', 'reason', 'feature'])
const fieldOf = (/** @type {string} */ name) => /** @type {HTMLInputElement | HTMLSelectElement} */ (part(name))

/** @type {AudioContext | undefined} */
let context
/** @type {{ source: AudioBufferSourceNode, button: HTMLButtonElement } | null} */
let playing = null
/** Counts requests for the list, and clips that were to be played. */
let refreshed = 0
let asked = 0

start()

function start() {
  const given = new URLSearchParams(location.search)
  for (const name of FIELDS) {
    const value = given.get(name) ?? ''
    fieldOf(name).value = name === 'from' || name === 'to' ? asLocal(value) : value
  }
  part('filter').addEventListener('change', () => {
    const query = new URLSearchParams(selection()).toString()
    history.replaceState(null, '', query === '' ? location.pathname : `?${query}`)
    void refresh()
  })
  part('filter').addEventListener('submit', (event) => { event.preventDefault() })
  onKey(() => { void refresh() })
  void refresh()
}

/** @returns {Record<string, string>} */
function selection() {
  return Object.fromEntries(FIELDS.flatMap((name) => {
    const { value } = fieldOf(name)
    if (value === '') return []
    return [[name, name === 'from' || name === 'to' ? new Date(value).toISOString() : value]]
  }))
}

async function refresh() {
  const own = ++refreshed
  const chosen = selection()
  setAttribute(part('label-these'), 'href', `label?${new URLSearchParams(chosen)}`)
  try {
    const { total, clips } = await get('v1/labelling/clips', chosen)
    if (own !== refreshed) return // the selection is another one by now
    showTrouble(null)
    const shown = clips.length < total ? `, the newest ${clips.length} are shown` : ''
    const count = `${total} ${total === 1 ? 'clip' : 'clips'}${shown}`
    setText(part('count'), total === 0 ? 'No clips match this selection.' : count)
    part('label-these').hidden = total === 0
    setChildren(part('clips'), clips.map(row))
    // Clips of a manifest have no times and reasons to choose by.
    const isManifest = clips.length > 0 && clips.every((/** @type {Clip} */ { time }) => time === null)
    part('filter').hidden = isManifest
  } catch (reason) {
    showTrouble(reason)
  }
}

/** @param {Clip} clip */
function row({ id, time, reasons, driftFeatures, tags, labels }) {
  const play = element('button', { type: 'button', 'aria-label': `Play ${id}` }, 'Play')
  play.addEventListener('click', () => { void toggle(id, play) })
  const facts = [
    time === null ? [] : new Date(time).toLocaleString('en-GB'), ...reasons,
    driftFeatures.length === 0 ? [] : `drifted in ${driftFeatures.join(', ')}`, ...tags,
  ].flat().join(' · ')
  const state = labels === 0 ? 'not labelled' : labels === 1 ? 'labelled' : `${labels} labels`
  const href = `label?${new URLSearchParams({ clip: id })}`
  return element('li', {}, play, element('a', { class: 'name', href }, id),
    element('span', { class: labels === 0 ? 'state' : 'state calm' }, state),
    element('span', { class: 'facts' }, facts))
}

/** @param {string} id @param {HTMLButtonElement} button */
async function toggle(id, button) {
  const previous = playing
  playing = null
  previous?.source.stop()
  if (previous !== null) setText(previous.button, 'Play')
  const own = ++asked
  if (previous?.button === button) return
  try {
    context ??= new AudioContext()
    const bytes = await getBytes('v1/labelling/audio', { clip: id })
    const source = context.createBufferSource()
    source.buffer = await context.decodeAudioData(bytes)
    if (own !== asked) return // another clip was chosen meanwhile
    source.connect(context.destination)
    source.addEventListener('ended', () => {
      setText(button, 'Play')
      if (playing?.source === source) playing = null
    })
    void context.resume()
    source.start()
    playing = { source, button }
    setText(button, 'Stop')
    showTrouble(null)
  } catch (reason) {
    showTrouble(reason instanceof RequestFailed ? reason : new RequestFailed('this browser cannot play the clip'))
  }
}

/** An instant as the fields have it, in the time zone of the browser. @param {string} instant */
function asLocal(instant) {
  const time = new Date(instant)
  if (Number.isNaN(time.getTime())) return ''
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/** @param {unknown} reason null when there is none */
function showTrouble(reason) {
  if (reason !== null && !(reason instanceof RequestFailed)) throw reason
  setText(part('trouble'), reason === null || reason instanceof KeyNeeded ? '' : `${reason.message}.`)
}
