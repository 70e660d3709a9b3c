/** Names, roles and structure that Swagger UI leaves out of what it draws; it draws anew at any time. */

/** @param {HTMLElement} root */
export function repairAccess(root) {
  new MutationObserver(() => { repair(root) }).observe(root, { childList: true, subtree: true })
}

/** @param {HTMLElement} root */
function repair(root) {
}
