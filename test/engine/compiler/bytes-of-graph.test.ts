/** How large a compiled graph gets, before there is one: enough room, and not twice as much. */
import t from 'tap'
import { bytesOfGraph } from '../../../src/engine/compiler/cache.js'
import { readManifest } from '../../../src/engine/manifest.js'
import { builtInModelsDir } from '../../../src/commands/setup/weights.js'

/** Bytes of graphs that the compiler wrote. */
const MEASURED = [
  ['moonshine-tiny-en', 'encoder', 'signed', 9_379_419], ['moonshine-tiny-en', 'encoder', 'unsigned', 14_353_236],
  ['moonshine-tiny-en', 'greedy', 'signed', 27_284_170],
  ['moonshine-tiny-en', 'steps', 'signed', 24_788_323], ['moonshine-tiny-en', 'align', 'signed', 17_243_813],
  ['moonshine-tiny-en', 'greedy', 'real', 95_651_742], ['moonshine-tiny-en', 'steps', 'real', 95_647_466],
  ['whisper-tiny', 'greedy', 'signed', 53_394_561], ['whisper-tiny', 'steps', 'signed', 49_203_217],
  ['whisper-base', 'encoder', 'signed', 38_538_081], ['whisper-base', 'greedy', 'signed', 83_592_815],
  ['whisper-base', 'steps', 'signed', 76_616_156], ['whisper-base', 'align', 'signed', 49_792_976],
  ['whisper-base-en', 'encoder', 'signed', 41_358_492], ['whisper-base-en', 'greedy', 'signed', 83_799_783],
] as const

t.test('the estimate of the bytes of a graph', async (t) => {
  for (const [name, kind, matrices, bytes] of MEASURED) {
    const estimate = bytesOfGraph(await readManifest(builtInModelsDir, name), { matrices }, kind)
    t.ok(estimate >= bytes && estimate < 2 * bytes, `${name}, ${kind}, ${matrices}: ${estimate} for ${bytes}`)
  }
})
