/** The folded parts of the page: open on a wide screen where there is room, and opened by a link to what they hide. */

/** As in page.css. */
const WIDE = '(min-width: 52rem)'

/** Opens what is open on a wide screen; the reader may close it. */
export function openWide() {
  if (!matchMedia(WIDE).matches) return
  for (const fold of document.querySelectorAll('details[data-open=wide]')) fold.setAttribute('open', '')
}

/** A link to a part of the page opens the folds around it. The browser moves the focus to a summary by itself. */
export function openTarget() {
  document.addEventListener('click', ({ target }) => {
    const link = target instanceof Element ? target.closest('a[href^="#"]') : null
    const linked = link === null ? null : document.getElementById((link.getAttribute('href') ?? '').slice(1))
    for (let fold = linked?.closest('details'); fold; fold = fold.parentElement?.closest('details')) fold.open = true
  })
}
