/** Benches of recognition in one process: words, times of words, text, engines. */
import { DETECTION_MODES, ENGINES, MATRIX_CHOICES } from '../../src/domain/choices.js'
import { PROFILE_SETTINGS } from '../../src/domain/profiles.js'
import { declareBench } from '../harness/declaration.js'
import { model, models, program } from '../harness/needs.js'
import { choice, count, flag, list, number, optionalList, optionalText, text } from '../harness/options.js'
import { projectRoot } from '../../src/domain/project-root.js'
import { LARGER, LIMIT, MANIFEST, MODEL, SEED, SYNTHETIC_ONLY } from './shared.js'

export const AUDIO_TABLES = ['invariance', 'boundaries', 'background', 'channels', 'silence'] as const
export const SEARCH_TABLES = ['words', 'names', 'safety'] as const
export const NON_SPEECH_WAYS = ['alone', 'catalogue', 'cascade', 'cascade and catalogue'] as const
export const CONTENDER_NAMES = [
  'earshot', 'earshot reference', 'earshot pipeline', 'transformers.js', 'sherpa-onnx',
] as const

const MATRICES = choice('how the compiled graph multiplies; half is emulated', MATRIX_CHOICES, 'auto')

export const ACCURACY = declareBench({
  name: 'accuracy', says: 'word error rate by source, and speed',
  measures: 'Recognizes every clip and prints the word error rate with its interval, the kinds of errors and the '
    + 'speed, for each source of recordings. It judges nothing.',
  takes: 'about 0.1 s a clip: 3 minutes for 2,000 clips', without: SYNTHETIC_ONLY,
  needs: (given) => [model(given.model)],
  options: {
    'model': MODEL, 'manifest': MANIFEST, 'limit': LIMIT,
    'shifts': count('recognize every clip so often, each time from a start that is 2.5 ms later', 1),
    'matrices': MATRICES,
    'worst': count('print so many of the worst clips', 0, 0),
    'errors': optionalText('write every clip with an error to this file, as JSON Lines', 'FILE'),
    'plain': flag('the model as it comes: no loudness normalization, no trimming, one pass'),
    'compare': flag('the plain model and the whole pipeline in turns'),
    'no-normalize': flag('without loudness normalization'), 'no-trim': flag('without trimming of silence'),
  },
  unsaved: ['errors'],
})

export const AUDIO = declareBench({
  name: 'audio', says: 'word errors after changes to a recording, silence, bounds',
  measures: 'Changes recordings in ways that leave the words alone (level, noise, codecs, silence around them) and '
    + 'counts words that change; counts words where nobody speaks; measures how exactly speech is cut out.',
  takes: '30 minutes for all tables on the development clips; --limit 5: 3 minutes',
  without: `ffmpeg: rows of codecs are left out. ${SYNTHETIC_ONLY}`,
  needs: (given) => [model(given.model)],
  options: {
    'table': list('tables', AUDIO_TABLES), 'model': MODEL, 'manifest': MANIFEST, 'limit': LIMIT,
    'shifts': count('average over so many starts, 2.5 ms apart', 1),
    'rows': optionalList('only these rows of a table'),
    'detection': choice('speech detection', DETECTION_MODES, 'both'),
    'passes': count('decoding passes of a doubtful clip; as the service unless given', undefined),
    'hearings': count('the old name of --passes', undefined),
    'may-be-silent': flag('the model may answer without words to a clip with speech'),
  },
})

export const ENGINE = declareBench({
  name: 'engine', says: 'compiled engine beside the published graphs: words, time',
  measures: 'Times the compiled graph and the published graphs in turns on every clip, and compares their words. '
    + 'With --floor, also with the least time that this machine needs; it judges nothing. With --together, recognizes '
    + 'every clip alone and in company. Target: the same tokens and log-probabilities, bit for bit.',
  takes: '10 minutes on the development clips', without: SYNTHETIC_ONLY,
  needs: (given) => [model(given.model)],
  options: {
    'model': MODEL, 'manifest': MANIFEST, 'limit': LIMIT,
    'repeats': count('time every clip so often; the fastest counts', 3),
    'matrices': MATRICES,
    'threads': count('threads of a model', 1),
    'language': text('of the clips; detect: the model finds out', 'en', 'CODE'),
    'no-words': flag('times only'), 'floor': flag('beside the least time that this machine needs'),
    'together': count('instead of all else: so many clips at a time, beside each alone', undefined, 2),
  },
})

export const NONSPEECH = declareBench({
  name: 'nonspeech', says: 'words where nobody speaks',
  measures: 'Counts words and search hits for sounds without speech, and clips of speech without words. Targets: '
    + 'words for at most 2 % of the sounds, hits for 0.5 %, no words for at most 1 % of the speech.',
  takes: '20 minutes on the development clips; --each 3 --limit 5 --ways alone: 1 minute',
  without: 'whisper-small: --ways alone,catalogue runs without it. Recorded noise is used where it is there.',
  needs: (given) => [
    model(given.model), ...given.ways.some((way) => way.startsWith('cascade')) ? [model(given.larger)] : [],
  ],
  options: {
    ways: list('ways to recognize', NON_SPEECH_WAYS), model: MODEL, larger: LARGER,
    each: count('sounds of each kind', 21), seed: SEED, manifest: MANIFEST, limit: LIMIT,
  },
})

export const PROFILES_BENCH = declareBench({
  name: 'profiles', says: 'accuracy and time of profiles',
  measures: 'Word error rate and time of each EARSHOT_PROFILE and of the larger model alone, in turns on every '
    + 'clip. Targets: balanced at most 1.1 times the errors in 0.4 of the time of the larger model, accurate no '
    + 'more of either.',
  takes: '40 minutes with --limit 40 on the development clips', without: SYNTHETIC_ONLY,
  needs: (given) => [model(given.model), model(PROFILE_SETTINGS.accurate.EARSHOT_CASCADE_MODEL!)],
  options: {
    model: MODEL, manifest: MANIFEST, limit: LIMIT, shifts: count('average over so many starts, 2.5 ms apart', 1),
  },
})

export const RIVALS = declareBench({
  name: 'rivals', says: 'words, time and memory beside other recognizers',
  measures: 'The same clips through this project and through other recognizers that you have installed, in turns. '
    + 'Targets are shares of the time of transformers.js on the same weights; with --saturate 3 times the audio of '
    + 'the best rival.',
  takes: '20 minutes with --limit 25',
  without: 'one of the rivals: its rows are left out, with the reason. Without all of them the bench is skipped.',
  needs: (given) => [model(given.model)],
  options: {
    'model': MODEL, 'manifest': MANIFEST, 'limit': LIMIT,
    'from': { ...text('the folder whose node_modules has the rivals', projectRoot, 'DIR'), shown: 'this project' },
    'contenders': list('who takes part', CONTENDER_NAMES),
    'against': text('ratios are to this contender', 'transformers.js'),
    'engine': choice('engine of this project', ENGINES, ENGINES[0]),
    'min-seconds': number('the shortest clips', 0), 'max-seconds': number('the longest clips', Infinity),
    'saturate': flag('all cores busy: audio per core-second'),
    'workers': count('with --saturate: processes; all cores unless given', undefined),
  },
  unsaved: ['from'],
})

export const SEARCH = declareBench({
  name: 'search', says: 'words found with a catalogue, and harm',
  measures: 'Single words against the list of all words, rare names by synthesizers, and lists that are not said. '
    + 'Targets stand in docs/benchmarks/search.md.',
  takes: '60 minutes for all tables on the development clips; --table safety --limit 3: 3 minutes',
  without: 'flite and espeak-ng: the table names is left out. Without clips of speech_commands and of '
    + 'moonshine_alphanumeric: the table words.',
  needs: (given) => models(given.model, given.larger),
  options: {
    table: list('tables', SEARCH_TABLES), model: MODEL, larger: optionalText('the larger model of a cascade'),
    below: number('the certainty below which the cascade asks it', 0.89), manifest: MANIFEST, limit: LIMIT,
    strength: number('biasing: 1 is that of the service', 1),
  },
})

export const SPELLING = declareBench({
  name: 'spelling', says: 'share of answers written as people type',
  measures: 'Twice sixty phrases of voice search, as text and spoken by two synthesizers, and recordings: how many '
    + 'answers are written as people type. Target: the default format more often than raw text, with no more word '
    + 'errors.',
  takes: '3 minutes', needs: (given) => [model(given.model), program('flite'), program('espeak-ng')],
  options: { model: MODEL, manifest: MANIFEST, limit: LIMIT },
})

export const TIMES = declareBench({
  name: 'times', says: 'word times beside known boundaries, and what they cost',
  measures: 'Joins recordings of single words and sentences and compares the word times of the answer with the '
    + 'known ones. Targets: a median error of at most 60 ms, 95 % within 200 ms.',
  takes: '5 minutes', without: 'recordings of single words or of sentences from 1 to 9 s: the bench is skipped',
  needs: (given) => [model(given.model)],
  options: {
    model: MODEL, manifest: MANIFEST, limit: count('clips of a kind', 48),
    heads: flag('find the attention heads that follow the words best'),
  },
})
