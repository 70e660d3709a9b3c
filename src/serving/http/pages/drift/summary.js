/** The verdict at the top of the page, and the baseline at its end. */
import { element, part, setAttribute, setText } from '../shared/elements.js'
import { age, count, counted, day } from './numbers.js'

/** @import { BaselineSummary, DriftSnapshot } from '../../../../monitoring/drift/snapshot.js' */
/** @import { WindowName } from '../../../../monitoring/drift/snapshot.js' */
/** @typedef {{ readonly baseline: null, readonly reason: string }} NoBaseline */

/** @type {readonly (readonly [WindowName, string])[]} */
const WINDOW_NAMES = [['fast', 'Fast window'], ['slow', 'Slow window']]

/** A longer source of the baseline is folded after so many characters. */
const SHORT_SOURCE = 110

/** @param {DriftSnapshot | NoBaseline} reply */
export function updateSummary(reply) {
  const snapshot = reply.baseline === null ? null : reply
  const [kind, verdict, note] =
    reply.baseline === null
      ? ['few', 'Nothing is compared', `There is no baseline in use: ${reply.reason}.`]
      : verdictOf(reply)
  setAttribute(part('verdict'), 'class', `verdict ${kind}`)
  setText(part('verdict-words'), verdict)
  setText(part('verdict-note'), note)
  part('how-to').hidden = snapshot !== null
  part('baseline').hidden = snapshot === null
  if (snapshot !== null) updateBaseline(snapshot)
  const causes = snapshot?.causes.length ?? 0
  document.title = `${causes > 0 ? `(${causes}) ` : ''}Drift · Earshot`
}

/**
 * The CSS class, the verdict, and a note.
 * @param {DriftSnapshot} snapshot
 * @returns {[string, string, string]}
 */
function verdictOf({ alarms, causes, features, baseline, windows, unmonitored }) {
  if (alarms.length > 0)
    return ['alarm', causesInWords(causes), `${alarms.length} of ${counted(features.length, 'feature')} have an alarm.`]
  if (!baseline.calibrated)
    return [
      'few',
      'Alarms are off',
      `The baseline is not calibrated: ${baseline.uncalibratedBecause ?? 'no reason is given'}. ` +
        'The figures below are correct, but the service cannot tell which of them are normal variation.',
    ]
  const { clips, minimum } = windows.fast
  if (clips < minimum)
    return [
      'few',
      'Too few clips for a result',
      `The fast window has ${clips} of the ${minimum} clips that it needs.`,
    ]
  const exception =
    unmonitored.length === 0 ? '' : ` ${counted(unmonitored.length, 'feature')} not monitored, see below.`
  return ['calm', 'No drift alarm', `Inputs and outputs look like the baseline.${exception}`]
}

/** "Drift: codec, level" @param {DriftSnapshot['causes']} causes */
function causesInWords(causes) {
  const known = causes.filter(({ name }) => name !== 'unexplained').map(({ title }) => title.toLowerCase())
  return known.length === 0 ? 'Drift without a common cause' : `Drift, likely cause: ${known.join(', ')}`
}

/** @param {DriftSnapshot} snapshot */
function updateBaseline({ baseline, windows, unmonitored }) {
  for (const [name, title] of WINDOW_NAMES) {
    const { clips, minimum } = windows[name]
    setText(
      part(`${name}-clips`),
      `${title}: ${counted(clips, 'clip')}${clips < minimum ? `, ${count(minimum)} needed` : ''}`,
    )
    const meter = part(`${name}-meter`)
    setAttribute(meter, 'max', minimum)
    setAttribute(meter, 'value', Math.min(clips, minimum))
  }
  for (const [name, text] of Object.entries(baselineInWords(baseline))) setText(part(`baseline-${name}`), text)
  updateSource(baseline.provenance)
  part('unmonitored').hidden = unmonitored.length === 0
  setText(part('unmonitored-features'), unmonitoredInWords(unmonitored))
}

/** A long source is folded to its first line. @param {string} source */
function updateSource(source) {
  const target = part('baseline-provenance')
  if (target.dataset.source === source) return
  target.dataset.source = source
  if (source.length <= SHORT_SOURCE) {
    setText(target, source)
    return
  }
  const beginning = source.slice(0, SHORT_SOURCE).replace(/\s+\S*$/, '')
  target.replaceChildren(element('details', { class: 'source' },
    element('summary', {}, element('span', { class: 'beginning' }, `${beginning} …`)), element('p', {}, source)))
}

/** Grouped by reason. @param {DriftSnapshot['unmonitored']} unmonitored */
function unmonitoredInWords(unmonitored) {
  /** @type {Map<string, string[]>} */
  const byReason = new Map()
  for (const { name, reason } of unmonitored) byReason.set(reason, [...byReason.get(reason) ?? [], name])
  return [...byReason].map(([reason, names]) => `${names.join(', ')}: ${reason}`).join('; ')
}

/** @param {BaselineSummary} baseline @returns {Record<string, string>} by the end of the id of the element */
function baselineInWords({
  id,
  created,
  model,
  calibrated,
  uncalibratedBecause,
  clips,
  sessions,
  speakers,
}) {
  const people = [
    sessions === null ? [] : counted(sessions, 'session'),
    speakers === null ? [] : counted(speakers, 'speaker'),
  ].flat()
  return {
    id,
    model,
    made: `${day(created)}, ${age((Date.now() - Date.parse(created)) / 1000)} ago`,
    clips: [counted(clips, 'clip'), ...(people.length === 0 ? ['sessions unknown'] : people)].join(', '),
    calibrated: calibrated ? 'yes' : `no: ${uncalibratedBecause ?? 'no reason is given'}`,
  }
}
