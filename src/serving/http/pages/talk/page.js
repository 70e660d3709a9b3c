/** The page to talk to. It uses the client module as any other page would. */
import { element, part, setText } from '../shared/elements.js'
import { askForKey, keyHeaders, onKey, refusalOf } from '../shared/key.js'
import { EarshotSession } from './earshot-client.js'
import { AudioMemory } from './memory.js'
import { hideReport, showReport } from './report.js'

/** @import { EarshotEvents, EarshotFound } from './earshot-client.d.ts' */

/** Relative to the page, because a proxy may add a path. */
const SERVICE = new URL('.', document.baseURI).href
/** The level below which the meter shows nothing, dB of full scale. */
const LOWEST_DB = -60
const MOST_EARLIER = 10
/** Between changes of the meter for people who asked for less motion, ms. */
const CALM_MS = 250
const FIRST_STATE = 'Press the button and say something.'

const microphone = /** @type {HTMLButtonElement} */ (part('microphone'))
const fileInput = /** @type {HTMLInputElement} */ (part('file'))
const catalogue = /** @type {HTMLSelectElement} */ (part('catalogue'))
const endpointing = /** @type {HTMLSelectElement} */ (part('endpointing'))
const isCalm = matchMedia('(prefers-reduced-motion: reduce)')

/** @type {EarshotSession | null} */
let session = null
let memory = new AudioMemory()
let leveledAt = 0
/** Stable words that screen readers have been told. */
let told = ''
let shownText = ''
/** @type {'microphone' | 'file'} */
let source = 'microphone'

microphone.addEventListener('click', () => { void toggle() })
fileInput.addEventListener('change', () => {
  const [file] = fileInput.files ?? []
  if (file !== undefined) void play(file)
  fileInput.value = ''
})
part('samples').addEventListener('click', ({ target }) => {
  const name = target instanceof HTMLElement ? target.dataset['sample'] : undefined
  if (name !== undefined) void playSample(name)
})
const drop = part('drop')
drop.addEventListener('dragover', (event) => { event.preventDefault(); drop.classList.add('over') })
drop.addEventListener('dragleave', () => { drop.classList.remove('over') })
drop.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  const [file] = event.dataTransfer?.files ?? []
  if (file !== undefined) void play(file)
})
onKey(() => { showTrouble(''); void offerCatalogues() })
void offerCatalogues()

/** A key may lack the scope, and there may be none: then there is nothing to choose. */
async function offerCatalogues() {
  const answer = await fetch(new URL('v1/catalogues', SERVICE), { headers: keyHeaders() }).catch(() => null)
  const body = await answer?.json().catch(() => null)
  if (answer?.status === 401) return askForKey(refusalOf(body) ?? 'KEY_MISSING')
  const names = /** @type {string[]} */ ((body?.data ?? []).map((/** @type {{ name: string }} */ { name }) => name))
  part('catalogue-choice').hidden = names.length === 0
  catalogue.replaceChildren(element('option', { value: '' }, 'none'),
    ...names.map((name) => element('option', { value: name }, name)))
}

async function toggle() {
  if (session !== null) {
    setText(part('state'), 'Finishing…')
    microphone.disabled = true
    return session.stop()
  }
  source = 'microphone'
  await during(open(), (one) => one.listen())
}

/** @param {string} name */
async function playSample(name) {
  const answer = await fetch(new URL(`talk/${name}`, SERVICE)).catch(() => null)
  if (answer?.ok !== true) return showTrouble('This installation does not have the sample.')
  return play(await answer.blob())
}

/** @param {Blob} file */
async function play(file) {
  if (session !== null) return
  source = 'file'
  await during(open(), (one) => one.send(file))
}

/** @param {EarshotSession} opened @param {(session: EarshotSession) => Promise<void>} work */
async function during(opened, work) {
  try {
    await work(opened)
  } catch (reason) {
    showFault(/** @type {Error & { code?: string }} */ (reason))
  }
}

function open() {
  const [, key] = keyHeaders()['authorization']?.split(' ') ?? []
  memory = new AudioMemory()
  showTrouble('')
  begin()
  hideReport()
  const opened = new EarshotSession({
    url: SERVICE, ...key !== undefined && { key },
    endpointing: /** @type {'fast'} */ (endpointing.value),
    ...catalogue.value !== '' && { catalogue: catalogue.value, hits: 'partial' },
  })
  opened.on('level', showLevel).on('speechstart', begin).on('partial', showPartial).on('speechstop', showEnd)
    .on('final', showFinal).on('error', showFault).on('close', showClosed)
  session = opened
  setListening(true)
  return opened
}

/** @param {boolean} isListening */
function setListening(isListening) {
  const isSpoken = isListening && source === 'microphone'
  microphone.setAttribute('aria-pressed', String(isSpoken))
  microphone.disabled = isListening && source === 'file'
  fileInput.disabled = isListening
  for (const button of part('samples').querySelectorAll('button')) button.disabled = isListening
  setText(part('microphone-word'), isSpoken ? 'Stop' : 'Speak')
  setText(part('state'), !isListening ? FIRST_STATE : isSpoken ? 'Opening the microphone…' : 'Reading the file…')
  if (!isListening) part('level').style.transform = 'scaleX(0)'
}

/** @param {EarshotEvents['level']} level */
function showLevel({ rms, samples, rate }) {
  memory.add(samples, rate)
  if (source === 'microphone' && !microphone.disabled) setText(part('state'), 'Listening…')
  const now = performance.now()
  if (isCalm.matches && now - leveledAt < CALM_MS) return
  leveledAt = now
  const decibels = 20 * Math.log10(Math.max(rms, 1e-9))
  part('level').style.transform = `scaleX(${Math.min(1, Math.max(0, 1 - decibels / LOWEST_DB)).toFixed(3)})`
}

/** A new utterance: the words of the last one move to those before. */
function begin() {
  if (shownText !== '') {
    const texts = part('earlier-texts')
    texts.prepend(element('li', {}, shownText))
    while (texts.children.length > MOST_EARLIER) texts.lastElementChild?.remove()
    part('earlier').hidden = false
  }
  ;[shownText, told] = ['', '']
  for (const id of ['stable', 'unstable', 'spoken']) setText(part(id), '')
  part('end').hidden = true
  part('found').hidden = true
}

/** @param {EarshotEvents['partial']} partial */
function showPartial({ stable, unstable, found }) {
  setText(part('stable'), stable)
  setText(part('unstable'), unstable)
  tell(stable)
  if (found !== null) showFound(found, 'while you speak')
}

/** Only words that are new: a screen reader would repeat the others. @param {string} text */
function tell(text) {
  const added = text.startsWith(told) ? text.slice(told.length).trim() : text
  told = text
  if (added !== '') part('spoken').append(element('span', {}, `${added} `))
}

function showEnd() {
  const end = part('end')
  end.hidden = false
  setText(end, ' end of speech')
}

/** @param {EarshotEvents['final']} result */
function showFinal(result) {
  const { text, found, startSeconds, endSeconds } = result
  shownText = text
  setText(part('stable'), text === '' ? 'No words.' : text)
  setText(part('unstable'), '')
  tell(text === '' ? 'No words.' : text)
  showEnd()
  if (found !== null) showFound(found, '')
  // The client ends the utterance that a file ends in.
  const isCut = source === 'file' && result.reason === 'committed'
  showReport(isCut ? { ...result, reason: 'end_of_stream' } : result, memory.between(startSeconds, endSeconds))
}

/** @param {EarshotFound} found @param {string} state */
function showFound({ hits, didYouMean }, state) {
  part('found').hidden = false
  setText(part('found-state'), state)
  const listed = [...hits ?? [], ...didYouMean]
  part('hits').replaceChildren(...listed.map(({ id, name, score, why }) => element('li', {},
    element('span', { class: 'name' }, name ?? id), element('span', { class: 'why' }, why.join(', ')),
    element('span', { class: 'score' }, score === null ? '' : score.toFixed(2)))))
  const note = hits === null ? 'The search engine did not answer.' : hits.length > 0 ? ''
    : listed.length > 0 ? 'Nothing fits well; these are the nearest.' : 'Nothing in the catalogue fits.'
  setText(part('found-note'), note)
}

/** @param {Error & { code?: string }} fault */
function showFault({ code = '', message }) {
  const refusal = refusalOf({ error: { code } })
  if (refusal !== null) return askForKey(refusal)
  showTrouble(code === 'MICROPHONE_REFUSED'
    ? `The microphone cannot be used (${message}). Browsers give it to pages of https and localhost, when you allow it `
      + 'beside the address. A file works without it.'
    : message)
}

/** @param {EarshotEvents['close']} close */
function showClosed({ code, reason }) {
  session = null
  setListening(false)
  if (code !== 1000 && code !== 1005 && reason !== '') showTrouble(`The service closed the session: ${reason}.`)
}

/** @param {string} words */
function showTrouble(words) {
  setText(part('trouble'), words)
}
