/**
 * The labelling guide as data: docs/labelling.md → rules → warnings about a label.
 *
 * People and machine read the same page, so that what labellers are told and what is checked cannot diverge. Each rule
 * is a fenced block of `key: value` lines in the page. Nothing here needs Node: a web page can run it at each key that
 * is pressed.
 */
import { SpeechError } from '../../domain/errors.js'

export const GUIDE_SEVERITIES = ['warning', 'info'] as const
export type GuideSeverity = (typeof GUIDE_SEVERITIES)[number]

/** A form that the guide does not permit. */
export interface WrongForm {
  /** Global, Unicode; case matters where the pattern says so. */
  readonly pattern: RegExp
  /** With `$1` for groups, as `String.replace` takes it; null where only the audio tells what is right. */
  readonly replacement: string | null
}

export interface GuideRule {
  readonly id: string
  readonly severity: GuideSeverity
  /** What labellers write, in a sentence. */
  readonly write: string
  readonly wrong: readonly WrongForm[]
  /** A label that keeps all rules. */
  readonly example: string
  /** A label that breaks this rule. */
  readonly not: string
}

export interface Guide {
  /** Of the labels, as ISO 639: the patterns are about one language. */
  readonly language: string
  readonly rules: readonly GuideRule[]
}

export interface LabelWarning {
  readonly rule: string
  readonly severity: GuideSeverity
  /** UTF-16 offsets into the label; equal where something is missing there. */
  readonly start: number
  readonly end: number
  readonly found: string
  readonly suggestion: string | null
  /** What the guide says. */
  readonly message: string
}

const BLOCK = /^```rule[ \t]*\n([^]*?)^```[ \t]*$/gm
const LANGUAGE = /^Language of the labels: `([a-z]{2,3})`\.$/m
const KEYS = ['id', 'severity', 'write', 'wrong', 'example', 'not'] as const
type Key = (typeof KEYS)[number]
const SEPARATOR = ' => '

/** Throws CLIPS_INVALID: for an unknown or missing key, an id twice, a bad pattern, examples that contradict a rule. */
export function parseGuide(page: string): Guide {
  const language = LANGUAGE.exec(page)?.[1]
  if (language === undefined) throw invalid('it has no line such as "Language of the labels: `en`."')
  const rules = [...page.matchAll(BLOCK)].map(([, block = '']) => readRule(block))
  if (rules.length === 0) throw invalid('it has no block that begins with ```rule')
  const twice = rules.find(({ id }, index) => rules.findIndex((other) => other.id === id) < index)
  if (twice !== undefined) throw invalid(`it has two rules "${twice.id}"; give each an id of its own`)
  const guide = { language, rules }
  for (const rule of rules) requireTrueExamples(rule, guide)
  return guide
}

/** In the order of the label. Of the same span, the first rule of the guide speaks. */
export function warningsOf(label: string, guide: Guide): LabelWarning[] {
  const warnings = guide.rules.flatMap((rule) => rule.wrong.flatMap((form) => matchesOf(label, rule, form)))
  const taken = new Set<string>()
  return warnings
    .filter(({ start, end }) => {
      const span = `${start} ${end}`
      return !taken.has(span) && taken.add(span)
    })
    .sort((a, b) => a.start - b.start || a.end - b.end)
}

function matchesOf(label: string, { id, severity, write }: GuideRule, form: WrongForm): LabelWarning[] {
  return [...label.matchAll(form.pattern)].map((match) => {
    const [found] = match
    const start = match.index
    const suggestion = form.replacement === null ? null : replacementOf(form.replacement, match)
    return { rule: id, severity, start, end: start + found.length, found, suggestion, message: write }
  })
}

/** `$0` to `$9`, and `^$1` for a group with a capital first letter. */
function replacementOf(replacement: string, match: RegExpMatchArray): string {
  return replacement.replace(/(\^?)\$(\d)/g, (_, capital: string, group: string) => {
    const text = match[Number(group)] ?? ''
    return capital === '' ? text : text.charAt(0).toUpperCase() + text.slice(1)
  })
}

function readRule(block: string): GuideRule {
  const fields = new Map<Key, string[]>()
  for (const line of block.split('\n').filter((one) => one.trim() !== '')) {
    const [, key = '', value = ''] = /^(\w+):\s*(.*?)\s*$/.exec(line) ?? []
    if (!isKey(key)) throw invalid(`"${line}" is no line "key: value" with one of the keys ${KEYS.join(', ')}`)
    if (value === '' || (key !== 'wrong' && fields.has(key))) {
      throw invalid(`a rule has one "${key}" with a value; "${line}" is another or an empty one`)
    }
    fields.set(key, [...fields.get(key) ?? [], value])
  }
  const [id = '?'] = fields.get('id') ?? []
  const one = (key: Key): string => {
    const [value] = fields.get(key) ?? []
    if (value === undefined) throw invalid(`the rule "${id}" has no "${key}"; add the line`)
    return value
  }
  const severity = GUIDE_SEVERITIES.find((known) => known === one('severity'))
  if (severity === undefined) throw invalid(`the severity of "${id}" is one of ${GUIDE_SEVERITIES.join(', ')}`)
  if (!/^[a-z]+(-[a-z]+)*$/.test(one('id'))) throw invalid(`the id "${id}" is not lower-case words with hyphens`)
  one('wrong')
  return {
    id, severity, write: one('write'), example: one('example'), not: one('not'),
    wrong: fields.get('wrong')!.map((text) => readWrongForm(text, id)),
  }
}

function isKey(key: string): key is Key {
  return (KEYS as readonly string[]).includes(key)
}

/** `/pattern/flags`, or `/pattern/flags => replacement`; the only flag is `i`. */
function readWrongForm(text: string, id: string): WrongForm {
  const at = text.lastIndexOf(SEPARATOR)
  const [, source, flags] = /^\/(.+)\/(i?)$/.exec(at === -1 ? text : text.slice(0, at).trim()) ?? []
  if (source === undefined) throw invalid(`a wrong form of "${id}" is /pattern/ or /pattern/ => replacement: "${text}"`)
  try {
    const replacement = at === -1 ? null : text.slice(at + SEPARATOR.length).trim().replace(/^nothing$/, '')
    return { pattern: new RegExp(source, `gu${flags}`), replacement }
  } catch (cause) {
    throw invalid(`a wrong form of "${id}" is no regular expression: ${(cause as Error).message}`, cause)
  }
}

/** A guide whose examples break its rules would teach the opposite of what it checks. */
function requireTrueExamples(rule: GuideRule, guide: Guide): void {
  const [broken] = warningsOf(rule.example, guide)
  if (broken !== undefined) throw invalid(`the example of "${rule.id}" breaks "${broken.rule}": "${broken.found}"`)
  if (warningsOf(rule.not, { ...guide, rules: [rule] }).length > 0) return
  throw invalid(`"${rule.not}" is to break "${rule.id}", but no wrong form of the rule matches it`)
}

function invalid(detail: string, cause?: unknown): SpeechError {
  return new SpeechError('CLIPS_INVALID', `the labelling guide cannot be used: ${detail}`, { cause })
}
