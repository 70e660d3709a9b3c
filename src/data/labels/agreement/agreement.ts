/**
 * How far labellers agree: word disagreement rate and Cohen's kappa, for each pair of labellers and each tag.
 *
 * Neither label is the reference, so that errors are divided by the mean number of words of both. For kappa over words,
 * each place of the alignment is an item, and the word that a labeller wrote there, or nothing, is the category. The
 * alignment maximizes agreement: kappa compares labellers with each other, not with other tasks.
 */
import { errorRate, type ErrorRate } from '../../../domain/scoring/error-rate.js'
import { normalizeReference } from '../../../domain/scoring/normalize.js'
import { alignWords, countErrors, totalErrors, type Edit } from '../../../domain/scoring/word-errors.js'
import { labelsThatCount, type Label } from '../label-file.js'
import type { Interval } from '../../statistics/bootstrap.js'
import { kappaInterval } from './kappa-interval.js'
import { cohensKappa, type Kappa, type Rated } from './kappa.js'

/** A place where a labeller wrote no word; no word is empty. */
const NOTHING = ''
const MOST_EXAMPLES = 20

export interface AgreementOptions {
  /** ISO 639; decides which words compare as equal. `en` by default. */
  readonly language?: string
  /** Examples for each pair; 20 by default. */
  readonly examples?: number
}

/** Figures over some clips that two labellers labelled. */
export interface AgreementFigures {
  readonly clips: number
  /** Clips whose words are all equal. */
  readonly equalClips: number
  /** Words as the word error rate compares them; null where neither wrote any. */
  readonly wordDisagreement: ErrorRate | null
  /** Words as written: casing, punctuation and spelling count. */
  readonly writtenDisagreement: ErrorRate | null
  readonly wordKappa: (Kappa & { readonly interval: Interval | null }) | null
}

export interface Disagreement {
  readonly clip: string
  readonly texts: readonly [first: string, second: string]
  readonly edits: readonly Edit[]
}

export interface PairAgreement {
  /** In the order of their names. */
  readonly authors: readonly [first: string, second: string]
  readonly all: AgreementFigures
  /** Of the clips to which at least one of the two gave the tag, the most frequent first. */
  readonly byTag: readonly { readonly tag: string; readonly figures: AgreementFigures; readonly kappa: Kappa }[]
  /** Clips that one of them or both skipped; they are in no figure. */
  readonly skipped: number
  /** Clips of which one or both were unsure; they are in the figures. */
  readonly unsure: number
  /** The clips with the most word errors first. */
  readonly examples: readonly Disagreement[]
}

/** A clip that both labelled, compared. */
interface Compared {
  readonly clip: string
  readonly labels: readonly [first: Label, second: Label]
  readonly edits: readonly Edit[]
  readonly written: readonly Edit[]
}

/** Of each pair of labellers with clips in common; those that share the most clips first. */
export function labellerAgreement(labels: readonly Label[], options: AgreementOptions = {}): PairAgreement[] {
  const { language = 'en', examples = MOST_EXAMPLES } = options
  return [...pairsOf(labelsThatCount(labels)).values()]
    .map((pairs) => agreementOf(pairs, language, examples))
    .sort((a, b) => b.all.clips - a.all.clips || (a.authors.join(' ') < b.authors.join(' ') ? -1 : 1))
}

/** Pair of authors → their labels of each clip that both have. */
function pairsOf(labels: readonly Label[]): Map<string, [Label, Label][]> {
  const byClip = new Map<string, Label[]>()
  for (const label of labels) byClip.set(label.clip, [...byClip.get(label.clip) ?? [], label])
  const pairs = new Map<string, [Label, Label][]>()
  for (const ofClip of byClip.values()) {
    const inOrder = ofClip.sort((a, b) => a.author < b.author ? -1 : 1)
    inOrder.forEach((first, index) => {
      for (const second of inOrder.slice(index + 1)) {
        const key = JSON.stringify([first.author, second.author])
        const known = pairs.get(key) ?? []
        pairs.set(key, known)
        known.push([first, second])
      }
    })
  }
  return pairs
}

function agreementOf(pairs: readonly [Label, Label][], language: string, examples: number): PairAgreement {
  const [[first, second]] = pairs as [[Label, Label]]
  const labelled = pairs.filter((pair) => pair.every(({ state }) => state !== 'skipped'))
  const compared = labelled.map((pair) => compare(pair, language))
  return {
    authors: [first.author, second.author],
    all: figuresOf(compared),
    byTag: byTag(compared),
    skipped: pairs.length - labelled.length,
    unsure: labelled.filter((pair) => pair.some(({ state }) => state === 'unsure')).length,
    examples: compared
      .filter(({ edits }) => errorsIn(edits) > 0)
      .sort((a, b) => errorsIn(b.edits) - errorsIn(a.edits))
      .slice(0, examples)
      .map(({ clip, labels: [one, other], edits }) => ({ clip, texts: [one.text, other.text], edits })),
  }
}

function compare(labels: readonly [Label, Label], language: string): Compared {
  const align = (words: (text: string) => string[]): Edit[] => alignWords(words(labels[0].text), words(labels[1].text))
  return {
    clip: labels[0].clip, labels,
    edits: align((text) => normalizeReference(text, language)),
    written: align((text) => text.normalize('NFC').split(/\s+/).filter((word) => word !== '')),
  }
}

function byTag(compared: readonly Compared[]): PairAgreement['byTag'] {
  const tags = new Set(compared.flatMap(({ labels }) => labels.flatMap((label) => label.tags)))
  return [...tags].map((tag) => {
    const has = ({ tags: own }: Label): string => own.includes(tag) ? 'with' : 'without'
    const ratings = compared.map(({ labels: [first, second] }): Rated => [has(first), has(second)])
    const tagged = compared.filter(({ labels }) => labels.some((label) => label.tags.includes(tag)))
    return { tag, figures: figuresOf(tagged), kappa: cohensKappa(ratings)! }
  }).sort((a, b) => b.figures.clips - a.figures.clips || (a.tag < b.tag ? -1 : 1))
}

function figuresOf(compared: readonly Compared[]): AgreementFigures {
  const ratings = compared.map(({ edits }) =>
    edits.map(({ reference, hypothesis }): Rated => [reference ?? NOTHING, hypothesis ?? NOTHING]))
  const kappa = cohensKappa(ratings.flat())
  return {
    clips: compared.length,
    equalClips: compared.filter(({ edits }) => errorsIn(edits) === 0).length,
    wordDisagreement: disagreementRate(compared.map(({ edits }) => edits)),
    writtenDisagreement: disagreementRate(compared.map(({ written }) => written)),
    wordKappa: kappa && { ...kappa, interval: kappaInterval(ratings) },
  }
}

/** With an interval over clips. */
function disagreementRate(clips: readonly (readonly Edit[])[]): ErrorRate | null {
  const sums = clips.map((edits) => {
    const { words, insertions, deletions } = countErrors(edits)
    return { words: (words + (words - deletions + insertions)) / 2, errors: errorsIn(edits) }
  })
  return sums.some(({ words }) => words > 0) ? errorRate(sums) : null
}

function errorsIn(edits: readonly Edit[]): number {
  return totalErrors(countErrors(edits))
}
