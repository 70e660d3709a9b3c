/**
 * Names, roles and levels that Swagger UI leaves out of what it draws. It draws anew at any time, so that what it adds
 * is repaired as it comes; a repaired element is left alone.
 */

/** @param {HTMLElement} root */
export function keepAccessible(root) {
  new MutationObserver(() => { repair(root) }).observe(root, { childList: true, subtree: true })
}

/** @param {HTMLElement} root */
function repair(root) {
  for (const field of root.querySelectorAll('select, input, textarea')) nameField(field)
  for (const heading of root.querySelectorAll('h3.opblock-tag, .opblock-section-header h4')) {
    heading.setAttribute('aria-level', heading.matches('h3') ? '2' : '3')
  }
  // What scrolls must be reachable with the keyboard.
  for (const block of root.querySelectorAll('pre, .table-container')) setOnce(block, 'tabindex', '0')
  // The rows of a table that is no list of regions.
  for (const table of root.querySelectorAll('table[role=region]')) table.removeAttribute('role')
  for (const icon of root.querySelectorAll('svg:not([aria-hidden])')) icon.setAttribute('aria-hidden', 'true')
}

/** After the parameter or the part of the form that it belongs to. @param {Element} field */
function nameField(field) {
  const isLabelled = (field.closest('label')?.innerText ?? '') !== '' && !field.matches('select')
  if (field.hasAttribute('aria-label') || isLabelled) return
  const row = field.closest('[data-param-name], [data-property-name]')
  const name = row?.getAttribute('data-param-name') ?? row?.getAttribute('data-property-name')
  field.setAttribute('aria-label', name ?? otherName(field))
}

/** @param {Element} field */
function otherName(field) {
  if (field.id === 'servers') return 'Server'
  if (field.closest('.auth-container') !== null) return 'Access key'
  if (field.closest('.responses-inner') !== null) return 'Media type of the answer'
  if (field.closest('.body-param__file, .opblock-section-request-body') === null) return 'Value'
  return field.matches('select') ? 'Media type of the body' : 'Body'
}

/** @param {Element} element @param {string} name @param {string} value */
function setOnce(element, name, value) {
  if (!element.hasAttribute(name)) element.setAttribute(name, value)
}
