/**
 * What a contender is: something that turns one waveform into one text, in a child process of its own. Every file of
 * this folder with an export `open` is one; child.ts loads it by name. What a rival imports must not import the
 * runtime: two versions of it in one process would fight.
 */
import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Engine } from '../../src/domain/choices.js'

export interface Setup {
  /** The contender's file in this folder. */
  readonly adapter: string
  /** A model of ours; rivals get its weights where they can read them. */
  readonly model: string
  readonly modelsDir: string
  /** Of ours. */
  readonly engine: Engine
  /** The folder whose node_modules has the rivals. */
  readonly from: string
}

export interface Opened {
  /** What answers, with its version. */
  readonly says: string
  /** Done once per waveform, before the clock starts: another contender's format is not its fault. */
  prepare?(samples: Float32Array): Uint8Array
  /** Mono at 16 kHz; `prepared` is what `prepare` made of it. */
  recognize(samples: Float32Array, prepared: Uint8Array): Promise<string>
}

export type Open = (setup: Setup) => Promise<Opened>

/** Hz, of every waveform that a contender gets. */
export const SAMPLE_RATE = 16_000

/** The contender cannot take part; the message is the sentence that says why and what would change it. */
export class NotHere extends Error {}

export interface Installed { readonly exports: unknown; readonly version: string }

/** The first of some packages that the user has installed. */
export function requireFirst(names: readonly string[], from: string): Installed {
  const require = createRequire(path.join(path.resolve(from), 'package.json'))
  for (const name of names) {
    const folder = path.join(path.resolve(from), 'node_modules', name)
    if (!existsSync(folder)) continue
    const { version } = require(path.join(folder, 'package.json')) as { version: string }
    return { exports: require(name) as unknown, version: `${name} ${version}` }
  }
  throw new NotHere(
    `${names.join(' or ')} is not installed in ${from}: ` +
      'npm install it into a folder of your choice and name that with --from',
  )
}

