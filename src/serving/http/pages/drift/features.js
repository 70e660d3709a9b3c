/**
 * A line for each feature, inputs and outputs apart, alarms first; open, it shows the whole distribution. Lines are
 * created once and changed in place.
 */
import { element, part, setAttribute, setChildren, setText } from '../shared/elements.js'
import { createHistogram } from './histogram.js'
import { createMiniature } from './miniature.js'
import { clock, count, counted, excess, probability, signed } from './numbers.js'
import { directionOf, meaningOf } from './words.js'

/** @import { Comparison, DriftSnapshot, FeatureState, WindowName } from '../../../../monitoring/drift/snapshot.js' */
/**
 * @typedef {object} Card
 * @property {HTMLDetailsElement} element
 * @property {(feature: FeatureState, snapshot: DriftSnapshot, window: WindowName) => void} update
 */

/** By the state of a feature; the words beside it are for screen readers alone on a narrow screen. */
const MARKS = /** @type {Readonly<Record<string, string>>} */ ({ alarm: '▲', calm: '✓' })
const DIRECTIONS = { lower: '↓ lower', higher: '↑ higher', spread: '↔ none' }

/** @type {Readonly<Record<string, (a: FeatureState, b: FeatureState, window: WindowName) => number>>} */
const ORDERS = {
  excess: (a, b, window) => (b.windows[window]?.excess ?? -Infinity) - (a.windows[window]?.excess ?? -Infinity) || 0,
  p: (a, b, window) => (a.windows[window]?.pValue ?? 2) - (b.windows[window]?.pValue ?? 2),
  missing: (a, b, window) => missingNow(b, window) - missingNow(a, window),
  name: (a, b) => meaningOf(a).title.localeCompare(meaningOf(b).title),
}

/** Calls `changed` when the user selects another window or order. @param {() => void} changed */
export function createFeatures(changed) {
  const section = part('features')
  const order = /** @type {HTMLSelectElement} */ (part('order'))
  const switches = /** @type {NodeListOf<HTMLInputElement>} */ (section.querySelectorAll('input[name=window]'))
  /** @type {Map<string, Card>} */
  const cards = new Map()
  let reorder = true
  let alarms = ''
  for (const control of [order, ...switches]) {
    control.addEventListener('change', () => {
      reorder = true
      changed()
    })
  }
  return { update }

  /** @param {DriftSnapshot | null} snapshot */
  function update(snapshot) {
    section.hidden = snapshot === null
    if (snapshot === null) return
    const window = [...switches].some(({ value, checked }) => checked && value === 'slow') ? 'slow' : 'fast'
    for (const feature of snapshot.features) cardOf(feature).update(feature, snapshot, window)
    setText(part('features-note'), noteOf(snapshot, window))
    // Cards do not move while the pointer is on one, unless the order or the alarms have changed.
    if (!reorder && alarms === snapshot.alarms.join() && section.matches(':has(.card:hover)')) return
    reorder = false
    alarms = snapshot.alarms.join()
    for (const family of ['input', 'output']) arrange(family, snapshot, window)
  }

  /** @param {string} family @param {DriftSnapshot} snapshot @param {WindowName} window */
  function arrange(family, snapshot, window) {
    const compare = ORDERS[order.value] ?? (() => 0)
    const members = snapshot.features.filter((feature) => feature.family === family)
      .sort((a, b) => Number(b.alarm) - Number(a.alarm) || compare(a, b, window))
    setChildren(part(`${family}-cards`), members.map((feature) => cardOf(feature).element))
    const raised = members.filter(({ alarm }) => alarm).length
    const alarms = raised === 0 ? withoutAlarm(snapshot) : counted(raised, 'alarm')
    setText(part(`${family}-count`), `${counted(members.length, 'feature')}, ${alarms}`)
  }

  /** @param {FeatureState} feature */
  function cardOf(feature) {
    const card = cards.get(feature.name) ?? createCard(feature)
    cards.set(feature.name, card)
    return card
  }
}

/** @param {FeatureState} feature @returns {Card} */
function createCard(feature) {
  const { name, help } = feature
  const { title } = meaningOf(feature)
  const mark = element('span')
  const inWords = element('span', { class: 'words' })
  const state = element('span', {}, mark, ' ', inWords)
  const histogram = createHistogram(title)
  const miniature = createMiniature()
  const brief = element('span', { class: 'brief' })
  const figures = { excess: figure('excess PSI'), p: figure('p-value'), direction: figure('direction, δ') }
  const card = element('details', { 'data-feature': name },
    element('summary', { id: `feature-${name}` }, element('h4', {}, title), miniature.element, brief, state),
    element('p', { class: 'help' }, help, ' ', element('code', {}, name)),
    element('dl', { class: 'figures' }, ...Object.values(figures).map(({ pair }) => pair)),
    histogram.element)
  return { element: card, update }

  /** @type {Card['update']} */
  function update(feature, snapshot, window) {
    const comparison = feature.windows[window]
    histogram.update(feature, comparison)
    miniature.update(feature, comparison)
    setText(brief, comparison === null ? missingFigure(snapshot, window) : excess(comparison.excess))
    setAttribute(brief, 'title', 'excess PSI')
    const [kind, words] = stateOf(feature, snapshot, window)
    setText(mark, MARKS[kind] ?? '')
    setAttribute(card, 'class', `card ${kind}`)
    setAttribute(state, 'class', `state ${kind}`)
    setText(inWords, words)
    setText(figures.excess.value, comparison === null ? '–' : excess(comparison.excess))
    setText(figures.p.value, comparison === null ? '–' : probability(comparison.pValue).replace('= ', ''))
    setText(figures.direction.value, comparison === null ? '–' : directionInWords(comparison))
  }
}

/** @param {string} term */
function figure(term) {
  const value = element('dd')
  return { value, pair: element('div', {}, element('dt', {}, term), value) }
}

/**
 * Above the list, what holds for all of its rows, which do not repeat it.
 * @param {DriftSnapshot} snapshot
 * @param {WindowName} window
 */
function noteOf(snapshot, window) {
  const { clips, minimum } = snapshot.windows[window]
  return [
    ...isTooSmall(snapshot, window)
      ? [`No figures yet: the ${window} window has ${count(clips)} of the ${count(minimum)} clips that it needs.`]
      : [],
    ...snapshot.baseline.calibrated ? [] : ['Alarms are off.'],
    'Open a feature to see its distribution.',
    ...snapshot.causes.length === 0 ? [] : ['The likely causes above group the alarms.'],
  ].join(' ')
}

/** No alarm means that all is well only where one could be raised. @param {DriftSnapshot} snapshot */
function withoutAlarm(snapshot) {
  if (!snapshot.baseline.calibrated) return 'alarms off'
  return isTooSmall(snapshot, 'fast') ? 'no result yet' : 'no alarm'
}

/** @param {DriftSnapshot} snapshot @param {WindowName} window */
function isTooSmall({ windows }, window) {
  return windows[window].clips < windows[window].minimum
}

/** A dash where only this feature has none. @param {DriftSnapshot} snapshot @param {WindowName} window */
function missingFigure(snapshot, window) {
  return isTooSmall(snapshot, window) ? '' : '–'
}

/**
 * The CSS class of the card, and its state in words; none for what the note above the list says.
 * @param {FeatureState} feature
 * @param {DriftSnapshot} snapshot
 * @param {WindowName} window
 * @returns {[string, string]}
 */
function stateOf({ alarm, alarmSince, windows }, snapshot, window) {
  if (alarm) return ['alarm', `alarm${alarmSince === null ? '' : ` since ${clock(alarmSince)}`}`]
  if (windows[window] === null)
    return ['few', isTooSmall(snapshot, window) ? '' : 'too few clips with this figure']
  return snapshot.baseline.calibrated ? ['calm', 'no alarm'] : ['few', '']
}

/** @param {Comparison} comparison */
function directionInWords({ delta }) {
  const direction = directionOf(delta)
  return direction === 'mix' || delta === null ? '–' : `${DIRECTIONS[direction]}, ${signed(delta)}`
}

/** @param {FeatureState} feature @param {WindowName} window */
function missingNow({ windows }, window) {
  const comparison = windows[window]
  return comparison === null ? -1 : comparison.missing / comparison.clips
}
