/** How large a compiled graph gets, before there is one: enough room, and not twice as much. */
import t from 'tap'
import { bytesOfGraph } from '../../../src/engine/compiler/cache.js'
import { readManifest } from '../../../src/engine/manifest.js'
import { builtInModelsDir } from '../../../src/commands/setup/weights.js'

/** Bytes of graphs that the compiler wrote. */
const MEASURED = [
  ['moonshine-tiny-en', 'greedy', 'signed', 26_278_102], ['moonshine-tiny-en', 'align', 'signed', 17_211_204],
  ['moonshine-tiny-en', 'steps', 'signed', 17_417_245], ['moonshine-tiny-en', 'greedy', 'real', 100_989_981],
  ['whisper-base', 'greedy', 'signed', 88_565_766], ['whisper-base', 'align', 'signed', 62_102_840],
  ['whisper-base-en', 'greedy', 'signed', 91_743_099], ['whisper-base-en', 'align', 'signed', 62_463_942],
] as const

t.test('the estimate of the bytes of a graph', async (t) => {
  for (const [name, kind, matrices, bytes] of MEASURED) {
    const estimate = bytesOfGraph(await readManifest(builtInModelsDir, name), { matrices }, kind)
    t.ok(estimate >= bytes && estimate < 1.5 * bytes, `${name}, ${kind}, ${matrices}: ${estimate} for ${bytes}`)
  }
})
