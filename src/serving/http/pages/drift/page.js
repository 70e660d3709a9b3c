/**
 * The page: requests /v1/drift every five seconds and updates what has changed. When the service does not answer, the
 * page keeps the last reply, shows an error and continues to request. A hidden page sends no requests. If the service
 * requires an access key, the page asks for one and waits.
 */
import { part, setText } from '../shared/elements.js'
import { createCauses } from './causes.js'
import { createFeatures } from './features.js'
import { openTarget, openWide } from './folds.js'
import { createHour } from './hour.js'
import { askForKey, isAskingForKey, keyHeaders, onKey, refusalOf } from '../shared/key.js'
import { clock } from './numbers.js'
import { updateSummary } from './summary.js'
import { createTraffic } from './traffic.js'

/** @import { DriftSnapshot } from '../../../../monitoring/drift/snapshot.js' */
/** @import { Traffic } from '../../../../monitoring/metrics/recent.js' */
/** @typedef {{ readonly baseline: null, readonly reason: string }} NoBaseline */
/** @typedef {{ readonly traffic: Traffic, readonly labelling: boolean } & (DriftSnapshot | NoBaseline)} Reply */

const REFRESH_MS = 5_000
const TIMEOUT_MS = 10_000
/** Relative to the page, because a proxy may add a path. */
const SOURCE = new URL('v1/drift', document.baseURI)

const causes = createCauses()
const features = createFeatures(draw)
const updateHour = createHour()
const traffic = createTraffic()
/** @type {Reply | null} */
let latest = null
let latestAt = 0
let isRequesting = false
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer

openWide()
openTarget()
onKey(() => { void refresh() })
document.addEventListener('visibilitychange', () => { void refresh() })
void refresh()

/** At most one request at a time; the next one is scheduled even if this one fails. */
async function refresh() {
  if (isRequesting || document.hidden || isAskingForKey()) return
  isRequesting = true
  clearTimeout(timer)
  try {
    const reply = await request()
    if (reply !== null) {
      latest = reply
      latestAt = Date.now()
    }
    showTrouble(null)
  } catch (reason) {
    showTrouble(reason instanceof Error ? reason.message : String(reason))
  } finally {
    isRequesting = false
    timer = setTimeout(() => { void refresh() }, REFRESH_MS)
  }
  draw() // outside of the try block: an error of the page is not reported as one of the service
}

/** Null when the service requires a key; the page then asks for it. @returns {Promise<Reply | null>} */
async function request() {
  const response = await fetch(SOURCE, {
    cache: 'no-store',
    headers: keyHeaders(),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.ok) return response.json()
  // A proxy may refuse with a body that is not JSON.
  const refusal = refusalOf(await response.json().catch(() => null))
  if (refusal === null) throw new Error(`status ${response.status}`)
  askForKey(refusal)
  return null
}

function draw() {
  if (latest === null) return
  updateSummary(latest)
  causes.update(latest.baseline === null ? null : latest, latest.labelling)
  updateHour(latest.traffic)
  features.update(latest.baseline === null ? null : latest)
  traffic.update(latest.traffic)
}

/** @param {string | null} trouble */
function showTrouble(trouble) {
  const since = latestAt === 0 ? 'It has not answered yet.' : `The page shows data from ${clock(latestAt)}.`
  setText(
    part('trouble'),
    trouble === null
      ? ''
      : `The service does not answer (${trouble}). ${since} The page tries again every ${REFRESH_MS / 1000} s.`,
  )
  document.body.classList.toggle('stale', trouble !== null)
  document.body.classList.toggle('waiting', latest === null)
  if (trouble === null && latestAt > 0) setText(part('updated'), new Date(latestAt).toLocaleTimeString('en-GB'))
}
