/** Measurements and the manifest of a model → its card. */
import os from 'node:os'
import type { Config } from '../../config.js'
import { costOf, weaknessesOf, wordErrorRates } from '../../data/model-card/figures.js'
import type { MeasuredClip } from '../../data/model-card/measured-clip.js'
import { speakersOf } from '../../data/statistics/blocks.js'
import { SpeechError } from '../../domain/errors.js'
import { CARD_FORMAT, type ModelCard } from '../../domain/model-card.js'
import { modelDigest, originOf, type Manifest } from '../../engine/manifest.js'
import { figuresOf } from '../calibrate/figures.js'
import type { Measured } from './measure.js'

/** What a person says about the model; undefined: what holds for every model of the service. */
export interface Statements {
  readonly intendedUse: readonly string[] | undefined
  readonly notFor: readonly string[] | undefined
  readonly caveats: readonly string[] | undefined
  readonly trainingData: string | null
}

export interface CardSource {
  readonly manifest: Manifest
  readonly config: Config
  readonly statements: Statements
  readonly command: string
  /** Provenance of the calibration; null without one. */
  readonly fittedOn: string | null
  readonly now: Date
}

const NOT_FOR = [
  'Decisions about people: who speaks, from where, in which mood or state of health, or whether they tell the truth.',
  'Transcripts that nobody checks where an error does harm, for instance medical, legal or emergency ones.',
  'Conversations of several speakers: the model does not say who said what.',
]
const CAVEATS = [
  'Speakers whose accent, age or way of speaking is not in the evaluation data may be recognized worse; measure on '
    + 'your own clips before you rely on a figure.',
  'Of many slices, a few have an interval above the rate of all clips by chance.',
]
const WEIGHTED = 'Clips were collected with unequal probabilities: word error rates are weighted to be those of the '
  + 'traffic; numbers of clips, calibration and cost are not weighted.'

/** Throws CLIPS_INVALID where no clip has words. */
export function makeCard(measured: Measured, source: CardSource): ModelCard {
  const { manifest, config, statements, command, fittedOn, now } = source
  const clips = measured.sets.flatMap((set) => set.clips)
  if (clips.every(({ words }) => words === 0)) throw new SpeechError('CLIPS_INVALID', 'no text of the clips has words')
  const wordErrorRate = wordErrorRates(clips)
  const [language, ...others] = manifest.languages
  const named = language === undefined || others.length > 0
    ? ''
    : ` in ${new Intl.DisplayNames('en', { type: 'language' }).of(language) ?? language}`
  return {
    format: CARD_FORMAT, created: now.toISOString(), model: modelOf(manifest, statements.trainingData),
    intendedUse: [...statements.intendedUse ?? [`Transcribing short clips of speech${named}, as in voice search.`]],
    notFor: [...statements.notFor ?? NOT_FOR],
    data: measured.sets.map(dataOf), wordErrorRate,
    calibration: fittedOn === null ? null : calibrationOf(clips, fittedOn),
    cost: costOf(clips, measured.processorSeconds, measured.peakResidentBytes),
    machine: machineOf(measured, config),
    limits: { clipSeconds: manifest.limits.clipSeconds, weaknesses: weaknessesOf(wordErrorRate) },
    caveats: [
      ...statements.caveats ?? [], ...new Set(clips.map(({ weight }) => weight)).size > 1 ? [WEIGHTED] : [], ...CAVEATS,
    ],
    command,
  }
}

function modelOf(manifest: Manifest, trainingData: string | null): ModelCard['model'] {
  const { name, version, description, family, languages, licence, precision, parameters, files } = manifest
  return {
    name, version, digest: modelDigest(manifest), description, family, languages: [...languages], licence,
    source: originOf(manifest), precision, parameters,
    bytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0), trainingData,
  }
}

function dataOf({ name, clips, leftOut }: Measured['sets'][number]): ModelCard['data'][number] {
  return {
    name, clips: clips.length, leftOut, speakers: speakersOf(clips),
    seconds: clips.reduce((sum, { audioSeconds }) => sum + audioSeconds, 0),
  }
}

/** Empty transcripts have no probability of being right. Null without any other. */
function calibrationOf(clips: readonly MeasuredClip[], fittedOn: string): ModelCard['calibration'] {
  const predicted = clips.flatMap(({ correctness, errors, speaker }, index) => correctness === null ? [] : [
    { probability: correctness, isRight: errors === 0, speaker: speaker ?? `clip ${index}` },
  ])
  if (predicted.length === 0) return null
  const { bins: _bins, ...figures } = figuresOf(predicted)
  return { ...figures, fittedOn }
}

function machineOf({ loaded }: Measured, { threads }: Config): ModelCard['machine'] {
  const cores = os.cpus()
  return {
    processor: cores[0]?.model.trim() || process.arch, cores: cores.length, memoryBytes: os.totalmem(),
    platform: `${process.platform} ${process.arch}`, node: process.version, engine: loaded.engine.engine,
    provider: loaded.provider.provider, threads,
  }
}
