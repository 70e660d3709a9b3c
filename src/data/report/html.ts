/**
 * Pages that need nothing but themselves: one HTML file with its style, inline SVG and players, no script and nothing
 * from elsewhere, so that a report about private recordings can be opened without a network and kept for years.
 */

/** Markup that is safe to insert; everything else is escaped. */
export interface Markup { readonly html: string }

export type Content = string | number | Markup | readonly Content[]

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --faint: #5b6875; --line: #d5dce3; --back: #fff; --mark: #2a6fb0;
  --error: #b3261e; --warning: #8a5a00; --note: #47617a }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --faint: #9fadbb; --line: #37424d; --back: #14191f;
  --mark: #6fb1ee; --error: #ff8a80; --warning: #f2bd55; --note: #a3bdd6 } }
body { font: 16px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--back); margin: 0 auto;
  padding: 1rem; max-width: 70rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin-bottom: 1rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid var(--line) }
td { overflow-wrap: anywhere } .scroll { overflow-x: auto }
.name { white-space: nowrap } .meaning { display: block; min-width: 14rem }
.number { text-align: right; white-space: nowrap }
.error { color: var(--error); font-weight: 600 } .warning { color: var(--warning) } .note { color: var(--note) }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem }
figure { margin: 0 } figcaption, .faint { color: var(--faint); font-size: .85rem } svg { width: 100%; height: auto }
svg rect { fill: var(--mark) } svg text { fill: var(--faint); font-size: 11px } svg line { stroke: var(--line) }
audio { width: 15rem; max-width: 100%; height: 2rem }
@media (max-width: 40rem) { .stacked thead { display: none }
  .stacked tr { display: block; border-bottom: 1px solid var(--line) }
  .stacked td { display: block; border: 0; padding: .15rem 0 } .stacked td.number { text-align: left } }`

export function markup(html: string): Markup {
  return { html }
}

/** An element; attributes and text are escaped. */
export function tag(
  name: string, attributes: Readonly<Record<string, string | number>>, ...content: Content[]
): Markup {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeHtml(String(value))}"`).join('')
  return markup(`<${name}${written}>${render(content)}</${name}>`)
}

export interface PageHead {
  readonly title: string
  /** Rules besides the common ones. */
  readonly style?: string
}

/** A complete document. */
export function page({ title, style = '' }: PageHead, ...content: Content[]): string {
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">`
    + '<meta name="viewport" content="width=device-width, initial-scale=1">'
    + '<meta http-equiv="Content-Security-Policy" '
    + 'content="default-src \'none\'; style-src \'unsafe-inline\'; media-src \'self\' file: data:">'
    + `<title>${escapeHtml(title)}</title><style>${STYLE}${style}</style></head>`
    + `<body>\n${render(content)}\n</body></html>\n`
}

export interface Column { readonly name: string; readonly isNumber?: boolean }

export interface TableOptions {
  /** On a narrow screen, whether the cells of a row stand below each other, without the head; else it scrolls. */
  readonly stacks?: boolean
}

export function table(
  columns: readonly Column[], rows: readonly (readonly Content[])[], { stacks = false }: TableOptions = {},
): Markup {
  const classOf = (index: number): Record<string, string> => columns[index]?.isNumber === true
    ? { class: 'number' }
    : {}
  const head = tag('thead', {}, tag('tr', {}, columns.map(({ name }, index) => tag('th', classOf(index), name))))
  const body = tag('tbody', {}, rows.map((row) =>
    tag('tr', {}, row.map((cell, index) => tag('td', classOf(index), cell)))))
  return tag('div', { class: 'scroll' }, tag('table', stacks ? { class: 'stacked' } : {}, head, body))
}

/** A player; `source` is a path relative to the page, or a data URI. Nothing is loaded before it is played. */
export function player(source: string): Markup {
  return markup(`<audio controls preload="none" src="${escapeHtml(source)}"></audio>`)
}

/** A path as the address of a link: every part is encoded, the slashes stay. */
export function addressOf(relativePath: string): string {
  return relativePath.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/')
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function render(content: Content): string {
  if (typeof content === 'string') return escapeHtml(content)
  if (typeof content === 'number') return String(content)
  return 'html' in content ? content.html : content.map(render).join('')
}
