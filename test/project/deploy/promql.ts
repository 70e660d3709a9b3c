/**
 * What an expression in PromQL asks for: its selectors with their matchers, and the labels it groups by. Reads names
 * only; whether an expression is valid, and what it means, Prometheus itself says in the tests that have one.
 */
export interface Matcher { readonly label: string; readonly operator: string; readonly value: string }
export interface Selector { readonly metric: string; readonly matchers: readonly Matcher[] }

const STRING = /"(?:[^"\\]|\\.)*"/
const MATCHER = new RegExp(String.raw`(\w+)\s*(=~|!~|!=|=)\s*(${STRING.source})`, 'g')
const BRACES = String.raw`\{(?:[^{}"]|${STRING.source})*\}`
const GROUPING = /\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g
const WORDS = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'inf',
  'nan',
])

export function selectorsOf(expression: string): Selector[] {
  const bare = expression.replace(/\[[^\]]*\]/g, '').replace(GROUPING, '')
  // A name that is not a function, or braces alone; strings outside braces (label_replace) are no names.
  const token = new RegExp(
    String.raw`(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])\s*(${BRACES})?|(${BRACES})|${STRING.source}`,
    'g',
  )
  return [...bare.matchAll(token)].flatMap(([, metric, braces, alone]) => {
    if (metric === undefined && alone === undefined) return []
    if (metric !== undefined && WORDS.has(metric.toLowerCase())) return []
    return [{ metric: metric ?? '', matchers: matchersOf(braces ?? alone ?? '') }]
  })
}

/** Labels of `by`, `on`, `group_left` and their opposites. */
export function groupedLabels(expression: string): string[] {
  return [...expression.matchAll(GROUPING)].flatMap(([, , labels]) =>
    labels!
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  )
}

function matchersOf(braces: string): Matcher[] {
  return [...braces.matchAll(MATCHER)].map(([, label, operator, text]) => ({
    label: label!,
    operator: operator!,
    value: JSON.parse(text!) as string,
  }))
}
