/**
 * Elements of the page. They are created once and changed in place. Values that stay the same are not written again, so
 * nothing flickers, the focus stays, and screen readers do not repeat the page every five seconds.
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
 * A drawing that is stretched to its box. Text would be stretched too, so it is HTML beside the drawing.
 * @param {number} width
 * @param {number} height
 * @param {Node[]} children
 */
export function drawing(width, height, ...children) {
  return shape('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none' }, ...children)
}

/** An element of index.html. Throws if there is none. @param {string} id */
export function part(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element with the id "${id}"`)
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
 * Replaces the children unless they are the same in the same order. An element keeps its focus.
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
