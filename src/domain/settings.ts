/**
 * The table of settings: each with its unit, default and limits. docs/configuration.md is held against it by a test,
 * in both directions. Times are seconds and sizes bytes, as the names say. `config.ts` reads the environment by it.
 */
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { COMPRESSED_CODECS } from './codecs.js'
import { projectRoot } from './project-root.js'
import { DETECTION_MODES, ENGINES, MATRIX_CHOICES, SEARCH_ENGINES } from './choices.js'

const text = (fallback: string, description: string): ReturnType<typeof Type.String> => Type.String({ default: fallback, description })
const whole = (fallback: number, minimum: number, maximum: number, description: string): ReturnType<typeof Type.Integer> =>
  Type.Integer({ default: fallback, minimum, maximum, description })
const seconds = (fallback: number, minimum: number, maximum: number, description: string): ReturnType<typeof Type.Number> =>
  Type.Number({ default: fallback, minimum, maximum, description })
/** A secret and its twin, the file that it may come from (`domain/secrets.ts`). */
const secret = <Name extends string>(name: Name, description: string): Record<Name | `${Name}_FILE`, ReturnType<typeof Type.String>> => ({
  [name]: text('', description),
  [`${name}_FILE`]: text('', `File that holds \`${name}\`, as orchestrators mount secrets; a line break at its end does not count. Set one of the two.`),
}) as Record<Name | `${Name}_FILE`, ReturnType<typeof Type.String>>
const flag = (fallback: boolean, description: string): ReturnType<typeof Type.Boolean> => Type.Boolean({ default: fallback, description })

/** Names separated by commas, without blanks. */
const NAMES = '^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$'
/** Of a host, or all of a domain: `asr.example.com`, `*.example.com`. */
const HOST_NAME = '(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*'
/** Scheme, host and perhaps a port; config.ts looks closer. */
const ORIGIN = '[A-Za-z][A-Za-z0-9+.-]*://[^\\s/?#,@"]+'
/** `name=file`. */
const CATALOGUE_FILE = '[a-z0-9][a-z0-9_-]{0,63}=[^,=]+'
const CODECS = COMPRESSED_CODECS.join('|')

export const SETTINGS = Type.Object({
  EARSHOT_HOST: text('127.0.0.1', 'Address to listen on; `0.0.0.0` for every network.'),
  EARSHOT_PORT: whole(8080, 0, 65_535, 'TCP port; 0 lets the system choose.'),
  EARSHOT_ALLOWED_HOSTS: Type.String({
    default: '', pattern: `^$|^\\*$|^${HOST_NAME}(,${HOST_NAME})*$`,
    description: 'Names of this service, without ports, separated by commas; `*.example.com` is every name below a domain, `*` any name. Requests under other names are refused, but for `/healthz` and `/readyz`; IP addresses, `localhost` and names below it always pass. Empty: no further name on loopback, any name elsewhere.' }),
  EARSHOT_ALLOWED_ORIGINS: Type.String({
    default: '', pattern: `^$|^\\*$|^${ORIGIN}(,${ORIGIN})*$`,
    description: 'Origins whose web pages may send audio, searches and feedback (CORS), such as `https://shop.example`, separated by commas; `*` is every page. Empty: only pages of the service itself.' }),
  EARSHOT_CLIENT_HEADER: Type.String({ default: '', pattern: '^$|^[A-Za-z0-9-]{1,64}$', description: 'Header in which a gateway names the client of a request, for fair scheduling. Set it only where the gateway overwrites the header. Empty: clients are told apart by access key, or by address.' }),
  EARSHOT_KEYS_FILE: text('', 'File of access keys, made by `npm run keys`; every route but health, readiness and pages asks for a key then. It is read again whenever it changes. Empty: no key is asked for.'),
  EARSHOT_LOG_LEVEL: Type.Union(
    [Type.Literal('fatal'), Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug'), Type.Literal('trace'), Type.Literal('silent')],
    { default: 'info', description: 'Least severe log line written: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.' }),
  EARSHOT_LOG_TRANSCRIPTS: flag(false, 'Write what was said into the log. Off, no word of a user is logged.'),
  EARSHOT_MODELS: Type.String({ default: 'moonshine-tiny-en', pattern: NAMES, description: 'Models to serve, at most four, separated by commas; the first is the default.' }),
  EARSHOT_MODEL_ALIASES: Type.String({ default: 'whisper-1', pattern: `^$|${NAMES}`, description: 'Other names for the default model, for clients with a fixed one.' }),
  EARSHOT_MODELS_DIR: text(path.join(projectRoot, 'models'), 'Directory with one folder per model. Default: `models` in the project.'),
  EARSHOT_EXECUTION_PROVIDERS: Type.String({ default: 'cpu', pattern: '^(cpu|cuda|webgpu)(,(cpu|cuda|webgpu))*$', description: 'ONNX Runtime execution providers, tried in order: `cuda`, `webgpu`, `cpu`. The CPU is the last resort.' }),
  EARSHOT_EXECUTION_PROVIDERS_STRICT: flag(false, 'Refuse to start when the first provider cannot be used, instead of falling back.'),
  EARSHOT_WORKERS: whole(0, 0, 256, 'Recognition processes; 0 takes the cores of the container divided by `EARSHOT_THREADS`.'),
  EARSHOT_THREADS: whole(1, 1, 64, 'Threads of one recognition process.'),
  EARSHOT_QUEUE_JOBS: whole(64, 0, 10_000, 'Requests that may wait for a worker.'),
  EARSHOT_QUEUE_AUDIO_SECONDS: seconds(600, 1, 86_400, 'Seconds of audio that may wait for a worker.'),
  EARSHOT_QUEUE_WAIT_SECONDS: seconds(1.5, 0.1, 3_600, 'Longest wait for a worker. A request is refused when 1.25 times its forecast wait is longer, or when it would make an earlier request of the same client wait longer. The forecast uses the times of recent requests.'),
  EARSHOT_DEADLINE_SECONDS: seconds(30, 0.1, 3_600, 'From the last byte of an upload to its answer, waiting included.'),
  EARSHOT_KILL_AFTER_SECONDS: seconds(5, 0.1, 600, 'A worker that is still busy so long after the deadline of its request is killed and replaced.'),
  EARSHOT_START_SECONDS: seconds(120, 1, 3_600, 'A worker has to be ready within this time.'),
  EARSHOT_MAX_UPLOAD_BYTES: whole(26_214_400, 1_024, 1_073_741_824, 'Largest upload.'),
  EARSHOT_MAX_UPLOADS_BYTES: whole(268_435_456, 1_024, 68_719_476_736, 'Largest sum of the uploads held in memory at a time.'),
  EARSHOT_MAX_AUDIO_SECONDS: seconds(300, 1, 3_600, 'Longest audio.'),
  EARSHOT_CPU_PER_AUDIO_SECOND: seconds(3, 0.01, 1_000, 'Processor seconds, of all threads, that a request may cost for each second of its audio, and 20 besides. What costs more is ended with `AUDIO_TOO_COSTLY`.'),
  EARSHOT_UPLOAD_SECONDS: seconds(30, 0.1, 3_600, 'An upload has to arrive within this time.'),
  EARSHOT_UPLOAD_BYTES_PER_SECOND: whole(250, 1, 1_000_000, 'Least rate of an upload; one that falls behind it by more than 8 seconds is refused. The default is a third of speech at 6 kbit/s.'),
  EARSHOT_MAX_CONNECTIONS: whole(2_000, 10, 100_000, 'Most connections at a time, besides up to 100 that are told of their refusal. One address gets at most four fifths of them, fewer where others have some. Beyond that, its connection that has been idle longest is closed for the new one; for an address without any open connection, the longest idle of all. Where no such connection is idle, the new one is refused.'),
  EARSHOT_IDLE_CONNECTION_SECONDS: seconds(15, 0.1, 3_600, 'A connection without a request under way is closed after this time, one on which nothing was ever sent or that sent half a header too. Behind a gateway that keeps connections open, set it longer than the gateway does.'),
  EARSHOT_DRAIN_SECONDS: seconds(40, 0, 3_600, 'Time that requests in progress have to finish at SIGTERM. A body from which nothing arrives for 2 seconds is refused. Recognition requests that are not finished in time are refused.'),
  EARSHOT_DISABLED_CODECS: Type.String({ default: '', pattern: `^$|^(${CODECS})(,(${CODECS}))*$`, description: `Codecs that are switched off, separated by commas: ${COMPRESSED_CODECS.map((name) => `\`${name}\``).join(', ')}. Uploads with them are refused.` }),
  EARSHOT_NORMALIZE_VOLUME: flag(true, 'Bring every clip to the same loudness before recognition.'),
  EARSHOT_TRIM_SILENCE: flag(true, 'Give the model only what is speech. Off, it gets every clip whole, those without speech too, without lead and trail and only once, and no doubtful words are taken back.'),
  EARSHOT_SPEECH_DETECTION: Type.Union(DETECTION_MODES.map((mode) => Type.Literal(mode)),
    { default: 'both', description: 'Who finds the speech in a clip: `spectral` (nearly free), `neural` (better in noise, about 0.07 ms per 32 ms of audio), or `both`: the spectral detector, and the neural one where it has doubts.' }),
  EARSHOT_SPEECH_DETECTOR: Type.String({ default: 'silero-vad', pattern: '^[A-Za-z0-9._-]+$', description: 'Model of the neural detector.' }),
  EARSHOT_MAX_DECODING_PASSES: whole(3, 1, 4, 'Most decoding passes of a short clip whose transcript is doubtful, each with other padding before the speech; the most probable transcript is returned.'),
  EARSHOT_ENGINE: Type.Union(ENGINES.map((engine) => Type.Literal(engine)),
    { default: 'compiled', description: 'What runs a model: `compiled`, a graph written for this machine from the published weights, or `reference`, the published graphs themselves. A model that the compiler does not know runs as `reference`.' }),
  EARSHOT_MATRICES: Type.Union(MATRIX_CHOICES.map((choice) => Type.Literal(choice)),
    { default: 'auto', description: 'How matrices of a compiled graph multiply: `signed` 8-bit integers, fast and right on CPUs with VNNI and on ARM, `unsigned` ones, right on every CPU, `real` numbers, for accelerators. `auto` asks the machine.' }),
  EARSHOT_CASCADE_MODEL: Type.String({ default: '', pattern: '^$|^[A-Za-z0-9._-]+$', description: 'A larger model that hears what the default model doubts, and what is in a language that it does not know. Empty: none.' }),
  EARSHOT_CASCADE_BELOW: Type.Number({ default: 0.75, minimum: 0, maximum: 1, description: 'The larger model is asked where the confidence of the default model is below this. 0 asks only where it found no words or was cut off, 1 about everything.' }),
  EARSHOT_DRIFT_BASELINE: text('auto', 'What the clips of the default model are compared with: a baseline file, `auto` for the one that comes with the model, if there is one, or `off`.'),
  EARSHOT_DRIFT_RECORD: text('', 'File to which the drift features of each clip are added, numbers without a word or a sound, to make a baseline from. Empty: nothing is written.'),
  EARSHOT_DRIFT_RECORD_CLIPS: whole(200_000, 1, 10_000_000, 'Most clips that the file may hold; later ones are not added. About 400 bytes each.'),
  ...secret('EARSHOT_FEEDBACK_SECRET', 'Signs the feedback tokens of answers, at least 32 characters; the same on all replicas. Empty: one is drawn at each start, and tokens do not outlive the process.'),
  EARSHOT_FEEDBACK_EXPIRY_SECONDS: whole(86_400, 60, 2_592_000, 'So long after an answer its feedback is accepted.'),
  EARSHOT_CATALOGUES: Type.String({ default: '', pattern: `^$|^${CATALOGUE_FILE}(,${CATALOGUE_FILE})*$`, description: 'Catalogues that are there from the start, as `name=file` separated by commas; CSV or JSON Lines. Others come by HTTP.' }),
  EARSHOT_MAX_CATALOGUES: whole(16, 0, 64, 'Most catalogues at a time; 0 takes none.'),
  EARSHOT_MAX_CATALOGUE_ENTRIES: whole(200_000, 1, 1_000_000, 'Most entries of all catalogues together; one has at most 100,000.'),
  EARSHOT_MAX_CATALOGUE_BYTES: whole(33_554_432, 1_024, 268_435_456, 'Largest catalogue as it is sent.'),
  EARSHOT_SEARCH_ENGINE: Type.Union(SEARCH_ENGINES.map((engine) => Type.Literal(engine)),
    { default: 'none', description: 'A search engine of your own that answers `POST /v1/search`: `url`, a template that is fetched, `opensearch`, `meilisearch`, or `none`: catalogues answer.' }),
  EARSHOT_SEARCH_URL: text('', 'Its address: a template with `{query}`, or that of the index.'),
  EARSHOT_SEARCH_FIELD: Type.String({ default: 'name', pattern: '^[A-Za-z0-9_.-]{1,100}$', description: 'Field of its documents that holds the name.' }),
  ...secret('EARSHOT_SEARCH_AUTHORIZATION', 'Sent to it as the header `Authorization`. Empty: none is sent.'),
  EARSHOT_SEARCH_SECONDS: seconds(0.5, 0.05, 10, 'It has to answer within this time, or the transcript goes out without hits.'),
  EARSHOT_REVISION: text('unknown', 'Revision of the code, shown in `asr_build_info`; an image build sets it.'),
  EARSHOT_WARM_UP_CLIP: text(path.join(projectRoot, 'fixtures/clips/warm-up.wav'), 'Speech that a worker has to recognize before it counts as ready. Default: a clip of the project.'),
})
export type Settings = Static<typeof SETTINGS>
