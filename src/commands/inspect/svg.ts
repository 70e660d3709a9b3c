/**
 * SVG as strings: escaped text, rounded numbers, and line breaks by an estimated width, since the font is not known
 * here. The estimate is for common sans-serif fonts, and rather too wide.
 */

export type Attributes = Readonly<Record<string, string | number>>

export const FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Arial, sans-serif'

/** Mean width of a character, relative to the font size. */
const CHARACTER_WIDTH = 0.56
/** Control characters that XML cannot contain. */
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeText(value)}"`)
    .join('')
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`
}

export function label(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(content))
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
  return element('line', { x1, y1, x2, y2, ...attributes })
}

export function escapeText(content: string): string {
  return content
    .replace(UNWRITABLE, '�')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

export function widthOf(content: string, fontSize: number): number {
  return [...content].length * fontSize * CHARACTER_WIDTH
}

/**
 * Lines of at most this width, broken between words where possible; what does not fit into `most` lines ends in "…".
 */
export function wrap(content: string, width: number, fontSize: number, most: number): string[] {
  const characters = Math.max(1, Math.floor(width / (fontSize * CHARACTER_WIDTH)))
  const lines: string[] = []
  let current = ''
  for (const word of content.split(/\s+/).flatMap((word) => piecesOf(word, characters))) {
    if (current === ''
      || [...current].length + 1 + [...word].length <= characters) current = current === ''
        ? word
        : `${current} ${word}`
    else {
      lines.push(current)
      current = word
    }
  }
  if (current !== '') lines.push(current)
  if (lines.length <= most) return lines
  return [...lines.slice(0, most - 1), `${[...lines[most - 1]!].slice(0, characters - 1).join('')}…`]
}

function piecesOf(word: string, characters: number): string[] {
  const all = [...word]
  return Array.from({ length: Math.ceil(all.length / characters) }, (_, index) =>
    all.slice(index * characters, (index + 1) * characters).join(''))
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100)
}
