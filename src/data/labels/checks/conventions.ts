/**
 * Conflicting conventions: one sound that a set of labels writes in several ways.
 *
 * Every detector names classes of equal sound ("okay", "numbers", "the end of a label") and which of its forms a label
 * has. A class with several forms is a conflict; the form that most labels have is the convention of the set, and the
 * others disagree with it. No detector needs to know which form is right.
 */
import type { ConventionTopic, FormCount, LabelFinding } from './findings.js'

/** One form in one label. */
export interface FormSeen {
  readonly topic: ConventionTopic
  /** What sounds the same, unique within the topic. */
  readonly soundClass: string
  readonly form: string
  /** As written, for people to find it; the form itself by default. */
  readonly word?: string
}

interface FormUse {
  /** Indices of entries. */
  readonly labels: Set<number>
  readonly words: Set<string>
}

/** Of one form, as many written words are listed. */
const MOST_WORDS = 12

/** Counts forms, label by label. Memory grows with forms and labels, not with text. */
export class ConventionTally {
  readonly #classes = new Map<string, { topic: ConventionTopic; soundClass: string; forms: Map<string, FormUse> }>()

  add(label: number, { topic, soundClass, form, word = form }: FormSeen): void {
    const key = `${topic} ${soundClass}`
    const known = this.#classes.get(key) ?? { topic, soundClass, forms: new Map<string, FormUse>() }
    this.#classes.set(key, known)
    const use = known.forms.get(form) ?? { labels: new Set(), words: new Set() }
    known.forms.set(form, use)
    use.labels.add(label)
    if (use.words.size < MOST_WORDS) use.words.add(word)
  }

  /** The most frequent disagreement first. `clipOf`: index of an entry → its clip. */
  conflicts(clipOf: (label: number) => string): LabelFinding[] {
    return [...this.#classes.values()]
      .filter(({ forms }) => forms.size > 1)
      .map(({ topic, soundClass, forms }) => asConflict(topic, soundClass, forms, clipOf))
      .sort((a, b) => b.clips.length - a.clips.length)
  }
}

function asConflict(
  topic: ConventionTopic, soundClass: string, forms: ReadonlyMap<string, FormUse>, clipOf: (label: number) => string,
): LabelFinding {
  const ranked = [...forms].sort(([a, one], [b, other]) => other.labels.size - one.labels.size || (a < b ? -1 : 1))
  const [[usual, { labels: usualLabels }], ...others] = ranked as [[string, FormUse], ...[string, FormUse][]]
  const disagreeing = new Set(others.flatMap(([, { labels }]) => [...labels]))
  const counts: FormCount[] = ranked.map(([form, { labels }]) => ({ form, labels: labels.size }))
  return {
    kind: 'convention', severity: 'warning', rule: topic,
    message: `${soundClass} in several ways: ${counts.map(({ form, labels }) => `${form} (${labels})`).join(', ')}`,
    clips: [...new Set([...disagreeing].sort((a, b) => a - b).map(clipOf))],
    words: [...new Set(others.flatMap(([, { words }]) => [...words]))],
    suggestion: usualLabels.size === others[0]![1].labels.size
      ? 'choose one of them: no form has the majority'
      : `write ${usual}, as most of ${usualLabels.size + disagreeing.size} labels do`,
    forms: counts,
  }
}
