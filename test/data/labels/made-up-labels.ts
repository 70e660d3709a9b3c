/** Made-up labels of a voice search, all in one convention, and ways to break it. */
import { seededRandom } from '../../../src/domain/scoring/seeded-random.js'
import type { LabelEntry } from '../../../src/data/labels/checks/findings.js'

const THINGS = `tents jackets boots lamps stoves bottles gloves ropes maps knives blankets helmets paddles kayaks
  torches hammocks`.split(/\s+/)
const KINDS = 'red green cheap light waterproof large small warm gray folding'.split(' ')
const NAMES = 'Alberta Nordisk Patagonia Salomon Garmin'.split(' ')
const NUMBERS = 'two three four seven twelve twenty fifteen'.split(' ')

/** Some are here to be mistaken for faults: two meanings, words one edit apart, counts that are no numbers. */
const TEMPLATES: readonly ((pick: (from: readonly string[]) => string) => string)[] = [
  (pick) => `show me ${pick(KINDS)} ${pick(THINGS)}`,
  (pick) => `find ${pick(NUMBERS)} ${pick(KINDS)} ${pick(THINGS)} from ${pick(NAMES)}`,
  (pick) => `um show me uh ${pick(THINGS)} in my favorite color`,
  (pick) => `okay add ${pick(NUMBERS)} ${pick(THINGS)} to my basket`,
  (pick) => `I don't want ${pick(KINDS)} ${pick(THINGS)}`,
  (pick) => `play the voicemail about ${pick(THINGS)} from the café`,
  (pick) => `what do ${pick(THINGS)} cost at fifteen percent off`,
  (pick) => `is there a U S B cable for ${pick(NAMES)} ${pick(THINGS)}`,
  (pick) => `[cough] one of my ${pick(THINGS)} is broken`,
  (pick) => `maybe ${pick(THINGS)} may be better every day [laughter]`,
  (pick) => `can I check the everyday ${pick(THINGS)} of ${pick(NAMES)} again`,
  (pick) => `the ${pick(THINGS)} that I can't find were next to the ${pick(KINDS)} ${pick(THINGS)}`,
]
const ONCE = [
  'the night was cold beside the horse', 'show me slight changes', 'is there a blight on roses', 'find a map of the house',
  'what do bats cost', 'add a heap of sand', 'show me right gloves', 'we bought a boat and a coat',
]

export interface Planted {
  readonly entries: LabelEntry[]
  /** `topic clip` of each fault. */
  readonly faults: ReadonlySet<string>
}

/** Topic of the finding, and what it does to a label that it applies to. */
const FAULTS: readonly (readonly [topic: string, change: (label: string) => string])[] = [
  ['fillers', (label) => label.replace('um ', 'umm ')],
  ['fillers', (label) => label.replace('uh ', 'uh, ')],
  ['numbers', (label) => label.replace(/\b(two|seven)\b/, (word) => word === 'two' ? '2' : '7')],
  ['casing', (label) => label.length > 30 ? label.toUpperCase() : label],
  ['casing', (label) => /^(show|find|what|play)/.test(label) ? label.charAt(0).toUpperCase() + label.slice(1) : label],
  ['punctuation', (label) => label.endsWith(']') ? label : `${label}.`],
  ['spelling', (label) => label.replace('okay', 'OK')],
  ['spelling', (label) => label.replace('color', 'colour')],
  ['spelling', (label) => label.replace('café', 'cafe')],
  ['compounds', (label) => label.replace('voicemail', 'voice mail')],
  ['compounds', (label) => label.replace('voicemail', 'voice-mail')],
  ['apostrophes', (label) => label.replace('don\'t', 'dont')],
  ['apostrophes', (label) => label.replace('can\'t', 'can’t')],
  ['symbols', (label) => label.replace('percent', '%')],
  ['noise-marks', (label) => label.replace('[cough]', '(cough)')],
  ['noise-marks', (label) => label.replace('[laughter]', '[laughs]')],
  ['spelled-letters', (label) => label.replace('U S B', 'USB')],
  ['spelled-letters', (label) => label.replace('U S B', 'U.S.B.')],
  ['names', (label) => label.replace(/Alberta|Garmin|Salomon/, (name) => name.toLowerCase())],
  ['typo', (label) => label.replace('waterproof', 'watreproof').replace('favorite', 'favorit')],
  ['typo', (label) => label.replace('basket', 'baskett').replace('better', 'bettre')],
  ['alphabet', (label) => label.replace('color', 'cоlor')],
]

export function consistentLabels(count: number, random: () => number): LabelEntry[] {
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)]!
  const drawn = Array.from({ length: count - ONCE.length }, (_, index) => TEMPLATES[index % TEMPLATES.length]!(pick))
  return [...drawn, ...ONCE].map((text, index) => ({ clip: `clip-${index}`, text, speaker: `speaker-${index % 40}` }))
}

/** Each fault in `each` labels that it applies to; no label has two. Of typing errors, one for each word. */
export function plantFaults(seed: number, count = 1200, each = 4): Planted {
  const random = seededRandom(seed)
  const entries = consistentLabels(count, random)
  const faults = new Set<string>()
  const taken = new Set<number>()
  const written = new Set<string>()
  for (const [topic, change] of FAULTS) {
    let left = each
    for (let tries = 0; left > 0 && tries < 50 * count; tries++) {
      const at = Math.floor(random() * entries.length)
      const entry = entries[at]!
      const text = change(entry.text)
      const typo = topic === 'typo' ? text.split(' ').find((word, index) => word !== entry.text.split(' ')[index])! : ''
      if (taken.has(at) || text === entry.text || written.has(typo)) continue
      if (topic === 'typo') written.add(typo)
      taken.add(at)
      entries[at] = { ...entry, text }
      faults.add(`${topic} ${entry.clip}`)
      left--
    }
  }
  return { entries, faults }
}
