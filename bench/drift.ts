/** temporary */
import { plainClips } from './audio/context.js'
import { readClips } from './clips.js'
import type { RunBench } from './run.js'
import { openTraffic } from './drift/traffic.js'
import { SHIFTS, type ShiftName } from './drift/shifts.js'

export const run: RunBench = async () => {
  const traffic = openTraffic(await plainClips(await readClips()), { sessions: 600, model: 'moonshine-tiny-en', inputOnly: process.env['MUTE'] === '1' })
  const count = Number(process.env['COUNT'] ?? 600)
  for (const name of Object.keys(SHIFTS) as ShiftName[]) {
    const n = name === 'clean' ? Math.max(count, Number(process.env['CLEAN'] ?? 3000)) : count
    const since = performance.now()
    const reports = await traffic.reports(name, n)
    console.log(name, reports.length, ((performance.now() - since) / reports.length).toFixed(1), 'ms')
  }
  return true
}
