/**
 * The page of an analysis with the recordings of its wrong clips: short ones inside, others by relative
 * path. One that is no longer there has no player.
 */
import { statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Analysis } from '../../data/error-analysis/analyze.js'
import { analysisPage, listenedTo } from '../../data/error-analysis/page.js'
import { addressOf } from '../../data/report/html.js'
import { dataAddress } from '../clips/data-address.js'

/** Bytes of a recording that is written into the page; and of all of them, so that browsers open it. */
const EMBEDDED_BYTES = 400_000
const MOST_EMBEDDED_BYTES = 40_000_000

export async function writePage(file: string, analysis: Analysis): Promise<void> {
  let room = MOST_EMBEDDED_BYTES
  const addresses = new Map<string, string>()
  for (const { file: recording } of listenedTo(analysis)) {
    const size = statSync(recording, { throwIfNoEntry: false })?.size
    if (size === undefined) continue
    const isEmbedded = size <= Math.min(room, EMBEDDED_BYTES)
    if (isEmbedded) room -= size
    addresses.set(recording, isEmbedded
      ? await dataAddress(recording)
      : addressOf(path.relative(path.dirname(file), recording)))
  }
  await writeFile(file, analysisPage(analysis, ({ file: recording }) => addresses.get(recording)))
}
