/** Recorded noise without speech, which is not part of the project: 16-bit mono WAV files in one folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { projectRoot } from '../../src/domain/project-root.js'
import type { Waveform } from '../../src/domain/audio.js'
import { readPcm } from './pcm.js'

export interface RecordedNoise { readonly name: string; readonly waveform: Waveform }

const FOLDER = path.join(projectRoot, '../shared/data/noise')

/** In the order of their names; none where the folder is not there. */
export function recordedNoises(): RecordedNoise[] {
  if (!existsSync(FOLDER)) return []
  return readdirSync(FOLDER).filter((file) => file.endsWith('.wav')).sort()
    .map((file) => ({ name: path.parse(file).name, waveform: readPcm(readFileSync(path.join(FOLDER, file))) }))
}

/** Length in seconds. */
export function lengthOf({ samples, sampleRate }: Waveform): number {
  return samples.length / sampleRate
}
