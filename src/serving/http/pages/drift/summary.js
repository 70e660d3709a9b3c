/** The top of the page: the alarms in words, the baseline, and whether it is calibrated. */
import { element, part, setAttribute, setChildren, setText } from '../shared/elements.js'
import { age, count, counted, day } from './numbers.js'
import { alarmInWords } from './words.js'

/** @import { BaselineSummary, DriftSnapshot, FeatureState } from '../../../../monitoring/drift/snapshot.js' */
/** @import { WindowName } from '../../../../monitoring/drift/snapshot.js' */
/** @typedef {{ readonly baseline: null, readonly reason: string }} NoBaseline */

/** @type {readonly (readonly [WindowName, string])[]} */
const WINDOW_NAMES = [['fast', 'Fast window'], ['slow', 'Slow window']]

/** @param {(DriftSnapshot | NoBaseline) & { readonly labelling: boolean }} reply */
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
  updateAlarms(snapshot, reply.labelling)
  if (snapshot !== null) updateBaseline(snapshot)
  const alarms = snapshot?.alarms.length ?? 0
  document.title = `${alarms > 0 ? `(${alarms}) ` : ''}Drift · Earshot`
}

/**
 * The CSS class, the verdict, and a note.
 * @param {DriftSnapshot} snapshot
 * @returns {[string, string, string]}
 */
function verdictOf({ alarms, baseline, windows, unmonitored }) {
  if (alarms.length > 0) return ['alarm', counted(alarms.length, 'drift alarm'), '']
  if (!baseline.calibrated)
    return [
      'few',
      'Alarms are off',
      `The baseline is not calibrated: ${baseline.uncalibratedBecause ?? 'no reason is given'}. ` +
        'The figures below are correct, but without calibration, it is unknown how large they get by chance.',
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

/** @param {DriftSnapshot | null} snapshot @param {boolean} hasClips whether clips are collected and labelled */
function updateAlarms(snapshot, hasClips) {
  const list = part('alarms')
  const raised = (snapshot?.alarms ?? []).flatMap(
    (name) => snapshot?.features.find((feature) => feature.name === name) ?? [],
  )
  const sentences = raised.map((feature) => ({ feature, ...alarmInWords(feature) }))
  const key = JSON.stringify(sentences.map(({ headline, figures }) => [headline, figures]))
  if (list.dataset.key === key) return
  list.dataset.key = key
  setChildren(list, sentences.map(({ feature, headline, figures, look }) => element('li', {},
    element('strong', {}, headline), ` (${figures}). Look at ${look}. `,
    element('a', { href: `#feature-${feature.name}`, 'aria-label': `Figures of ${feature.name}` }, 'Figures'),
    ...clipsOf(feature, hasClips))))
}

/** @param {FeatureState} feature @param {boolean} hasClips */
function clipsOf({ name, alarmFrom }, hasClips) {
  if (!hasClips || alarmFrom === null) return []
  const href = `clips?from=${encodeURIComponent(alarmFrom)}`
  return [' · ', element('a', { href, 'aria-label': `Clips of the window of ${name}` }, 'Clips of this window')]
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
  part('unmonitored').hidden = unmonitored.length === 0
  setText(part('unmonitored-features'), unmonitoredInWords(unmonitored))
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
  provenance,
}) {
  const people = [
    sessions === null ? [] : counted(sessions, 'session'),
    speakers === null ? [] : counted(speakers, 'speaker'),
  ].flat()
  return {
    id,
    model,
    provenance,
    made: `${day(created)}, ${age((Date.now() - Date.parse(created)) / 1000)} ago`,
    clips: [counted(clips, 'clip'), ...(people.length === 0 ? ['sessions unknown'] : people)].join(', '),
    calibrated: calibrated ? 'yes' : `no: ${uncalibratedBecause ?? 'no reason is given'}`,
  }
}
