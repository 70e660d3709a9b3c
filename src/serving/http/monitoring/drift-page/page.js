/**
 * The page: asks /v1/drift every five seconds and changes what has changed. When the service does not answer, what it
 * said last stays, and the page says so; it goes on asking. A page that nobody looks at does not ask. Where the service
 * wants an access key, the page asks for one and waits.
 */
import { part, setText } from './elements.js'
import { createFeatures } from './features.js'
import { askForKey, isAskingForKey, keyHeaders, onKey, refusalOf } from './key.js'
import { clock } from './numbers.js'
import { updateSummary } from './summary.js'
import { createTraffic } from './traffic.js'

/** @import { DriftSnapshot } from '../../../../monitoring/drift/snapshot.js' */
/** @import { Traffic } from '../../../../monitoring/metrics/recent.js' */
/**
 * @typedef {{ readonly traffic: Traffic } & (DriftSnapshot | { readonly baseline: null, readonly reason: string })} Reply
 */

const REFRESH_MS = 5_000
const PATIENCE_MS = 10_000
/** Relative to the page, which may lie behind a proxy that adds a path. */
const SOURCE = new URL('v1/drift', document.baseURI)

const features = createFeatures(draw)
const traffic = createTraffic()
/** @type {Reply | null} */
let latest = null
let latestAt = 0
let asking = false
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

onKey(() => { void refresh() })
document.addEventListener('visibilitychange', () => { void refresh() })
void refresh()

/** At most one at a time; whatever comes of it, the next one follows. */
async function refresh() {
  if (asking || document.hidden || isAskingForKey()) return
  asking = true
  clearTimeout(timer)
  try {
    const answer = await ask()
    if (answer !== null) {
      latest = answer
      latestAt = Date.now()
    }
    say(null)
  } catch (reason) {
    say(reason instanceof Error ? reason.message : String(reason))
  } finally {
    asking = false
    timer = setTimeout(() => { void refresh() }, REFRESH_MS)
  }
  draw() // outside: a fault of the page is not one of the service
}

/** Null when the service wants a key, which the page then asks for. @returns {Promise<Reply | null>} */
async function ask() {
  const response = await fetch(SOURCE, {
    cache: 'no-store',
    headers: keyHeaders(),
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  if (response.ok) return response.json()
  // A proxy in between may refuse in words of its own.
  const refusal = refusalOf(await response.json().catch(() => null))
  if (refusal === null) throw new Error(`status ${response.status}`)
  askForKey(refusal)
  return null
}

function draw() {
  if (latest === null) return
  updateSummary(latest)
  features.update(latest.baseline === null ? null : latest)
  traffic.update(latest.traffic)
}

/** @param {string | null} trouble */
function say(trouble) {
  const since = latestAt === 0 ? 'It has not answered yet.' : `What you see is from ${clock(latestAt)}.`
  setText(
    part('trouble'),
    trouble === null
      ? ''
      : `The service does not answer (${trouble}). ${since} Asking again every ${REFRESH_MS / 1000} s.`,
  )
  document.body.classList.toggle('stale', trouble !== null)
  document.body.classList.toggle('waiting', latest === null)
  if (trouble === null && latestAt > 0) setText(part('updated'), new Date(latestAt).toLocaleTimeString('en-GB'))
}
