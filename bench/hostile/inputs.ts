/** Input number N of seed S: always the same request, byte for byte, whatever was sent before. */
import { hostileWavs } from '../../fixtures/hostile.js'
import { mutate } from './mutant.js'
import { chanceOf, type Chance } from './random.js'
import type { Asked } from './asked.js'
import { askWithCatalogue } from './catalogues.js'
import { askAboutClip, askByForm, askSomewhere, askWithFeedback, askWithMediaType } from './requests.js'
import { FORMAT_NAMES, readSeeds } from './seeds.js'

export interface Input extends Asked {
  readonly number: number
  /** A format of audio, or which other input of the service it is about. */
  readonly kind: string
  /** What was done, for a person. */
  readonly says: string
}

const seeds = readSeeds()
const handMade = hostileWavs()

/** Shares of a hundred. */
const KINDS: readonly (readonly [share: number, kind: string])[] = [
  ...FORMAT_NAMES.map((format) => [7, format] as const),
  [2, 'hand-made wav'],
  [5, 'media type'],
  [7, 'form'],
  [4, 'query'],
  [5, 'feedback'],
  [4, 'catalogue'],
  [3, 'elsewhere'],
]
export const INPUT_KINDS = KINDS.map(([, kind]) => kind)

export function inputAt(seed: number, number: number): Input {
  const chance = chanceOf(seed, number)
  const kind = chance.of(KINDS.flatMap(([share, name]) => Array.from({ length: share }, () => name)))
  const { says, ...asked } = make(kind, chance)
  return { number, kind, says, ...asked }
}

function make(kind: string, chance: Chance): Asked & { says: string } {
  if (kind === 'hand-made wav') {
    const { name, bytes } = chance.of(handMade)
    return { ...plainly(Buffer.from(bytes)), says: name }
  }
  if (kind === 'media type') return { ...askWithMediaType(intactClip(chance), chance), says: 'samples without a header' }
  if (kind === 'form')
    return {
      ...askByForm(chance.happens(0.3) ? spoiled(kind, chance).bytes : intactClip(chance), chance),
      says: 'multipart form',
    }
  if (kind === 'query') return { ...askAboutClip(intactClip(chance), chance), says: 'parameters' }
  if (kind === 'feedback') return { ...askWithFeedback(chance), says: 'feedback or label' }
  if (kind === 'catalogue') return { ...askWithCatalogue(chance), says: 'catalogue' }
  if (kind === 'elsewhere') return { ...askSomewhere(chance), says: 'another path' }
  const { bytes, says } = spoiled(kind, chance)
  return { ...plainly(bytes), says }
}

function spoiled(kind: string, chance: Chance): { readonly bytes: Buffer; readonly says: string } {
  const seed = chance.of(seeds.filter(({ format }) => format === kind).concat(kind === 'form' ? seeds : []))
  const { bytes, mutations } = mutate(seed, chance, seeds)
  return { bytes, says: `${seed.file}: ${mutations.join('; ')}` }
}

function plainly(body: Buffer): Asked {
  return { method: 'POST', path: '/v1/transcriptions', headers: { 'content-type': 'application/octet-stream' }, body }
}

/** A WAV file as it is, for inputs that are spoiled around it. */
function intactClip(chance: Chance): Buffer {
  return chance.of(seeds.filter(({ format }) => format === 'wav')).bytes
}
