/**
 * Tables about the audio front end: words after changes to a recording, words where there is no speech, and the place
 * of speech. `npm run bench -- audio --table invariance,silence`; without `--table` all of them.
 *
 * Each table is a file in audio/, over the pipeline of a worker in this process. What a table needs (ffmpeg, recorded
 * noise, development clips) and does not find is named and left out.
 */
import { plainClips, type AudioBench } from './audio/context.js'
import { AUDIO, AUDIO_TABLES } from './declarations/recognition.js'
import { defineBench } from './harness/bench.js'
import { readClips } from './harness/clips.js'
import { allowSilence, openDetectors, openRecognizer, SERVED } from './harness/recognizers.js'
import { measureTables, type NamedTables } from './harness/tables.js'

const TABLES: NamedTables<AudioBench, (typeof AUDIO_TABLES)[number]> = {
  invariance: {
    says: 'word errors after changes that leave the words alone', open: () => import('./audio/invariance.js'),
  },
  boundaries: {
    says: 'speech cut off, and silence left, around words whose place is known',
    open: () => import('./audio/boundaries.js'),
  },
  background: { says: 'word errors with background talk', open: () => import('./audio/background.js') },
  channels: { says: 'word errors of several talkers on several channels', open: () => import('./audio/channels.js') },
  silence: {
    says: 'words where there is no speech, and speech taken for silence', open: () => import('./audio/silence.js'),
  },
}

export const run = defineBench(AUDIO, async ({ table, rows, shifts, ...given }) => {
  const clips = await plainClips(await readClips(given.manifest, given.limit))
  const opened = await openRecognizer(given.model)
  const recognizer = given['may-be-silent'] ? allowSilence(opened) : opened
  const options = {
    ...SERVED, detectors: await openDetectors(given.detection),
    maxDecodingPasses: given.passes ?? given.hearings ?? SERVED.maxDecodingPasses,
  }
  const outcome = await measureTables(table, TABLES, { clips, recognizer, options, shifts, rows })
  await recognizer.dispose()
  return outcome
})
