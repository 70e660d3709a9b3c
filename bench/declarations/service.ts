/** Benches of the whole service: over HTTP, on a server of their own or on one that runs. */
import { declareBench } from '../harness/declaration.js'
import { gitCheckout, LINUX, model, service } from '../harness/needs.js'
import { count, counts, flag, list, number, optionalText, text } from '../harness/options.js'
import { LIMIT, MANIFEST, MODEL, SYNTHETIC_ONLY, WORKERS } from './shared.js'

export const LATENCY_TABLES = ['lengths', 'front-end'] as const
export const LIVE_TABLES = ['words', 'latency', 'cut', 'stability', 'capacity'] as const
export const LIVE_PROFILES = ['fast', 'balanced', 'patient'] as const
export const COLLECTION_TABLES = ['rates', 'latency'] as const
/** Steps of a long run after which memory is looked at. */
export const MEMORY_STEPS = 20

export const COLLECTION = declareBench({
  name: 'collection', says: 'weighted error rates of collected clips; latency',
  measures: 'Simulates streams of clips and counts how often the interval of the weighted word error rate covers '
    + 'the true one (target: 93 to 97 %); sends the same clips to services with and without collection (target: at '
    + 'most 1.03 times as long).',
  takes: '10 minutes; --repetitions 20 --uploads 3 --rounds 1: 1 minute',
  needs: (given) => given.table.includes('latency') ? [model(given.model)] : [],
  options: {
    table: list('tables', COLLECTION_TABLES), repetitions: count('simulated streams', 1_000),
    clips: count('clips of a stream', 6_000), sessions: count('sessions of a stream', 400),
    uniform: number('share that is collected of all clips', 0.05), model: MODEL, manifest: MANIFEST,
    uploads: count('clips that are sent for the latency', 40), rounds: count('so often', 12),
  },
})

export const DRAIN = declareBench({
  name: 'drain', says: 'SIGTERM under load: is an accepted request lost?',
  measures: 'Stops a service of its own with SIGTERM while clients send clips. Target: every accepted request is '
    + 'answered, and the service leaves with 0. A refusal (429 or 503 with a code) is an answer, and so is a '
    + 'connection that nobody accepted; only a request without an answer is lost.',
  takes: '1 minute', needs: (given) => [model(given.model)],
  options: {
    model: MODEL, clips: MANIFEST, workers: WORKERS, clients: count('clients that each wait for their answer', 8),
    seconds: number('load before the signal', 3, 0.1), repeat: count('so often', 3),
  },
})

export const EXPENSIVE = declareBench({
  name: 'expensive', says: 'CPU time of the most expensive requests',
  measures: 'CPU seconds of server and worker for the most expensive requests that the default limits admit, as a '
    + 'table in Markdown. Target: at most 3 s for an upload without speech.',
  takes: '25 minutes; --only "WAV, speech": 2 minutes',
  without: 'ffmpeg: rows of noise in AAC, Opus, Vorbis, MP3 and FLAC',
  needs: (given) => [LINUX, model(given.model)],
  options: {
    model: MODEL, only: text('only requests whose name has this text', '', 'TEXT'),
    repeat: count('so often; the cheapest counts', 1),
  },
})

export const FAIRNESS = declareBench({
  name: 'fairness', says: 'short clips of one client beside greedy clients',
  measures: 'One short clip a second beside greedy clients. Targets: 95 % are served, at a p95 of at most three '
    + 'times that alone plus the longest uninterrupted work.',
  takes: '8 minutes; --seconds 5: 2 minutes', needs: (given) => [LINUX, model(given.model)],
  options: {
    model: MODEL, clips: MANIFEST, workers: WORKERS, seconds: number('of each situation', 40, 5),
    entry: optionalText('dist/src/main.js of another revision, which is measured instead', 'FILE'),
  },
  unsaved: ['entry'],
})

export const HOSTILE = declareBench({
  name: 'hostile', says: 'broken inputs over HTTP: typed answers, no worker lost',
  measures: 'Sends broken files and requests of every kind. Targets: no worker ends, no server error, every error '
    + 'has a known code, no input takes more than 2 s, memory settles.',
  takes: '2 minutes for 2,000 inputs', needs: (given) => [LINUX, model(given.model)],
  options: {
    model: MODEL, seed: count('input N of a seed is always the same', 1, 0), from: count('the first input', 0, 0),
    count: count('inputs', 2_000), clients: count('at once', 4), workers: WORKERS,
    resume: flag('continue where the last run of this seed ended'),
    save: count('write this input to a file, and send nothing', undefined, 0),
  },
})

export const LATENCY = declareBench({
  name: 'latency', says: 'time by stage, clip length and format, and what HTTP adds',
  measures: 'Times clips of 1 to 30 s in this process, over HTTP and in the bare model, in turns (target: a query '
    + 'of 3 s takes at most 1.3 times the bare model); and the stages beside the model for a query in every format '
    + '(target: at most 8 % of all stages).',
  takes: '8 minutes; --repeat 2: 1 minute', without: `ffmpeg: the table front-end is left out. ${SYNTHETIC_ONLY}`,
  needs: (given) => [model(given.model), ...given.url === undefined ? [] : [service(given.url)]],
  options: {
    table: list('tables', LATENCY_TABLES), model: MODEL, manifest: MANIFEST, repeat: count('clips of each length', 20),
    url: optionalText('a service that runs, with one worker; one of its own unless given', 'URL'),
  },
})

export const LIVE = declareBench({
  name: 'live', says: 'live sessions: words, latency, divided utterances, stability',
  measures: 'Streams recordings over the Realtime protocol, with noise and pauses between them. Targets: at most 0.3 '
    + 'points more word errors than the same recordings posted whole, and the same words in pieces of any length; with '
    + 'the balanced profile and 10 sessions a median of 600 ms from the end of speech to the final, 60 ms of it beyond '
    + 'the pause, and 500 ms to the first words; pauses 30 % shorter with a catalogue, and no more utterances divided; '
    + 'no stable word changes; at four times the capacity, refusals have a code, and the other sessions finish.',
  takes: '40 minutes; --table words --limit 5: 2 minutes', without: SYNTHETIC_ONLY,
  needs: (given) => [LINUX, model(given.model)],
  options: {
    table: list('tables', LIVE_TABLES), model: MODEL, manifest: MANIFEST, limit: LIMIT, workers: WORKERS,
    seconds: number('of each row in real time', 30, 5), profiles: list('of endpointing', LIVE_PROFILES),
    sessions: counts('sessions at a time', [1, 10, 25, 50]),
    piece: count('length of a piece in real time, ms', 20),
  },
})

export const LOAD = declareBench({
  name: 'load', says: 'load on a running server; --overload starts its own',
  measures: 'Sends clips at a rate, or from a number of clients, and prints outcomes and latencies. Target: every '
    + 'request is served or refused. --overload: four times the capacity, with refusals that say when to come '
    + 'back, and the accepted served in time.',
  takes: 'as long as --seconds says: 10 s; --overload: 1 minute',
  needs: (given) => given.overload ? [LINUX, model(given.model)] : [service(given.url)],
  options: {
    url: text('the service', 'http://127.0.0.1:8080', 'URL'), clips: MANIFEST,
    rate: number('requests a second, whether or not the service keeps up', undefined, 0.01),
    concurrency: count('clients that each wait for their answer; 4 unless --rate is given', undefined),
    seconds: number('length of the load: 10, with --overload 30', undefined, 0.1),
    deadline: number('deadlineSeconds of each request', undefined), overload: flag('on a server of its own'),
    model: MODEL, workers: WORKERS,
  },
})

export const MEMORY = declareBench({
  name: 'memory', says: 'resident memory of server and workers over a long run',
  measures: 'Resident memory of each process over a long run of clips of several lengths and formats, its parts, and '
    + 'its slope in the second half. Target for the default model: at most 200 MB for each worker at the end.',
  takes: '5 minutes for 2,000 clips; --clips 20: half a minute', needs: (given) => [LINUX, model(given.model)],
  options: {
    model: MODEL, manifest: MANIFEST, clips: count('in the whole run', 2_000, MEMORY_STEPS), workers: WORKERS,
  },
})

export const PROMPTS = declareBench({
  name: 'prompts', says: 'whether the previous turn as prompt changes words',
  measures: 'Sends clips with a word that sounds like another one, with turns of a conversation as prompt. Target: '
    + 'no transcript changes, and no turn is read as a list.',
  takes: '15 minutes on the development clips; --limit 20: 2 minutes',
  without: 'clips with such a word: the bench is skipped', needs: (given) => [model(given.model)],
  options: { model: MODEL, manifest: MANIFEST, limit: LIMIT },
})

export const REVISIONS = declareBench({
  name: 'revisions', says: 'this revision beside the compiled service of another one',
  measures: 'Latency and throughput of this revision and of another one, in turns. Target: at most 1.03 times as '
    + 'long.',
  takes: '25 minutes; --rounds 1: 3 minutes, and some for building the other revision',
  needs: (given) => [LINUX, model(given.model), ...given.revision === undefined ? [] : [gitCheckout()]],
  options: {
    model: MODEL, manifest: MANIFEST,
    revision: optionalText('a revision of git, which is built; this or --entry', 'REV'),
    entry: optionalText('dist/src/main.js of the other revision', 'FILE'), rounds: count('of every comparison', 25),
    workers: WORKERS, batch: count('EARSHOT_MAX_BATCH_SIZE of this revision; otherwise its default', undefined),
  },
  unsaved: ['entry'],
})

export const STARTUP = declareBench({
  name: 'startup', says: 'from process start to listening to ready',
  measures: 'Starts the service again and again: time until the port is open and until every worker is ready. '
    + 'Target: it leaves with 0 each time.',
  takes: 'half a minute', needs: (given) => [LINUX, model(given.model)],
  options: { model: MODEL, workers: WORKERS, repeat: count('starts', 5) },
})

export const THROUGHPUT = declareBench({
  name: 'throughput', says: 'clips and audio seconds per second at 1 to 16 clients',
  measures: 'Clips and seconds of audio a second from 1, 2, 4, 8 and 16 clients that each wait for their answer. '
    + 'Target: every request is served or refused.',
  takes: '1 minute; --seconds 1: 10 s', without: SYNTHETIC_ONLY,
  needs: (given) => [given.url === undefined ? model(given.model) : service(given.url)],
  options: {
    model: MODEL, clips: MANIFEST, url: optionalText('a service that runs; one of its own unless given', 'URL'),
    workers: WORKERS, seconds: number('of each row', 10, 0.1),
  },
})

