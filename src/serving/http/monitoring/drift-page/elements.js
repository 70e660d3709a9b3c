/**
 * Elements of the page, made once and changed in place: what stays the same is not touched, so nothing flickers,
 * no focus is lost and no screen reader reads the page again every five seconds.
 */
const SVG = 'http://www.w3.org/2000/svg'

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Readonly<Record<string, string>>} [attributes] @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag @param {Readonly<Record<string, string | number>>} [attributes] @param {Node[]} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  made.append(...children)
  return made
}

/**
 * A drawing that is stretched to its box; its text stands beside it, as HTML.
 * @param {number} width
 * @param {number} height
 * @param {Node[]} children
 */
export function drawing(width, height, ...children) {
  return shape('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' }, ...children)
}

/** One of the page itself. @param {string} id */
export function part(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no part "${id}"`)
  return found
}

/** @param {Element} target @param {string} text */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text
}

/** @param {Element} target @param {string} name @param {string | number} value */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== String(value)) target.setAttribute(name, String(value))
}

/**
 * The children in this order; those that are there already are moved only if they must.
 * @param {Element} target
 * @param {readonly Element[]} children
 */
export function setChildren(target, children) {
  if (target.children.length === children.length && children.every((child, index) => target.children[index] === child))
    return
  const focused = document.activeElement
  target.replaceChildren(...children)
  if (focused instanceof HTMLElement && target.contains(focused)) focused.focus()
}
