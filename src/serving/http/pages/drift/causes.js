/**
 * A card for each likely cause: what has happened, the evidence, what to do, and the other alarms that it explains,
 * folded. A fold that is open stays open while the cause stays.
 */
import { drawing, element, part, setAttribute, setChildren, setText, shape } from '../shared/elements.js'
import { clock, counted, share } from './numbers.js'
import { alarmInWords, meaningOf } from './words.js'

/** @import { DriftSnapshot, FeatureState } from '../../../../monitoring/drift/snapshot.js' */
/** @import { LikelyCause } from '../../../../monitoring/drift/likely-causes.js' */
/** @import { Evidence } from '../../../../monitoring/drift/evidence.js' */
/**
 * @typedef {object} Card
 * @property {HTMLElement} element
 * @property {(cause: LikelyCause, snapshot: DriftSnapshot, hasClips: boolean) => void} update
 */

const UNEXPLAINED = 'unexplained'
/** Evidence that is not folded. */
const MOST_EVIDENCE = 3

export function createCauses() {
  /** @type {Map<string, Card>} */
  const cards = new Map()
  return { update }

  /** @param {DriftSnapshot | null} snapshot @param {boolean} hasClips whether clips are collected and labelled */
  function update(snapshot, hasClips) {
    const causes = snapshot?.causes ?? []
    part('causes').hidden = causes.length === 0
    if (snapshot === null) return
    for (const cause of causes) cardOf(cause).update(cause, snapshot, hasClips)
    setChildren(part('cause-cards'), causes.map((cause) => cardOf(cause).element))
  }

  /** @param {LikelyCause} cause */
  function cardOf({ name }) {
    const card = cards.get(name) ?? createCard(name)
    cards.set(name, card)
    return card
  }
}

/** @param {string} name @returns {Card} */
function createCard(name) {
  const id = `cause-${name}`
  const title = element('h3', { id })
  const reach = element('p', { class: 'reach' })
  const help = element('p', { class: 'happened' })
  const evidence = element('table', { class: 'evidence' })
  const advice = element('p', { class: 'advice' })
  const clips = element('p', { class: 'links' })
  const summary = element('summary')
  const others = element('ul')
  const fold = element('details', { class: 'others' }, summary, others)
  const card = element('li', { class: 'cause', 'aria-labelledby': id, 'data-cause': name },
    element('header', {}, title, reach), help, evidence, advice, clips, fold)
  let drawn = ''
  return { element: card, update }

  /** @type {Card['update']} */
  function update(cause, snapshot, hasClips) {
    const { signs, effects, since } = cause
    const { alarms } = snapshot
    const shown = cause.evidence.slice(0, MOST_EVIDENCE)
    const folded = [...signs, ...effects].filter((name) => shown.every(({ feature }) => feature !== name))
    setText(title, cause.title)
    const explained = `${signs.length + effects.length} of ${counted(alarms.length, 'alarm')}`
    setText(reach, [
      name === UNEXPLAINED ? explained : `explains ${explained}`,
      ...since === null ? [] : [`since ${clock(since)}`],
    ].join(' · '))
    setText(help, cause.help)
    setText(summary, name === UNEXPLAINED
      ? counted(folded.length, 'further alarm')
      : `${counted(folded.length, 'further alarm')} that it explains`)
    fold.hidden = folded.length === 0
    const features = folded.flatMap((feature) => snapshot.features.find(({ name }) => name === feature) ?? [])
    const key = JSON.stringify([cause, hasClips, features.map((feature) => alarmInWords(feature).headline)])
    if (key === drawn) return
    drawn = key
    drawEvidence(evidence, cause.title, shown, snapshot)
    advice.replaceChildren(element('strong', {}, 'What to do: '), cause.advice)
    clips.replaceChildren(...linksOf(cause, hasClips))
    others.replaceChildren(...features.map(lineOf))
  }
}

/**
 * @param {HTMLElement} table
 * @param {string} title
 * @param {readonly Evidence[]} shown
 * @param {DriftSnapshot} snapshot
 */
function drawEvidence(table, title, shown, snapshot) {
  const rows = shown.map((each) => {
    const state = snapshot.features.find(({ name }) => name === each.feature)
    return element('tr', {},
      element('th', { scope: 'row' },
        element('a', { href: `#feature-${each.feature}` }, titleOf(state, each)), ` ${rangeOf(each)}`),
      ...[each.before, each.now].map((value, column) => element('td', {},
        element('span', { class: 'number' }, share(value)),
        meter(value, column === 0 ? 'before' : 'now'))))
  })
  table.replaceChildren(
    element('caption', { class: 'unseen' }, `${title}: shares of the clips in the baseline and now`),
    element('thead', {}, element('tr', {}, element('td'), element('th', { scope: 'col' }, 'baseline'),
      element('th', { scope: 'col' }, 'now'))),
    element('tbody', {}, ...rows))
}

/** @param {FeatureState | undefined} state @param {Evidence} evidence */
function titleOf(state, { feature }) {
  return state === undefined ? feature : meaningOf(state).title
}

/** A bar of its share of the width, beside the share as text. @param {number} value @param {string} kind */
function meter(value, kind) {
  const chart = drawing(1, 1, shape('rect', { class: kind, width: value.toFixed(4), height: 1 }))
  setAttribute(chart, 'aria-hidden', 'true')
  return chart
}

/** @param {Evidence} evidence */
function rangeOf({ range, unit }) {
  return unit === '' || unit === 'share' || range === 'missing' ? range : `${range} ${unit}`
}

/** @param {LikelyCause} cause @param {boolean} hasClips */
function linksOf({ title, from }, hasClips) {
  const clips = hasClips && from !== null
    ? [element('a', { href: `clips?from=${encodeURIComponent(from)}`, 'aria-label': `Clips of this window: ${title}` },
      'Clips of this window')]
    : []
  return [...clips, element('a', { href: 'runbook#asrdriftalarm', 'aria-label': `Runbook: ${title}` }, 'Runbook')]
}

/** @param {FeatureState} feature */
function lineOf(feature) {
  const { headline, figures } = alarmInWords(feature)
  const label = { href: `#feature-${feature.name}`, 'aria-label': `Figures: ${meaningOf(feature).title}` }
  return element('li', {}, `${headline} (${figures}). `, element('a', label, 'Figures'))
}
