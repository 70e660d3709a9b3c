/**
 * The table of settings: each with its unit, default and limits. docs/configuration.md is held against it by a test,
 * in both directions. Times are seconds and sizes are bytes, as the names say. `config.ts` reads the environment by
 * this table.
 */
import path from 'node:path'
import { Type, type Static } from 'typebox'
import { projectRoot } from './project-root.js'
import { COMPRESSED_CODECS } from './codecs.js'
import { choice, flag, matching, real, secret, text, whole } from './setting-schemas.js'
import { CONSENTS, DETECTION_MODES, ENGINES, LOG_FORMATS, MATRIX_CHOICES, PROFILES, SEARCH_ENGINES } from './choices.js'

const LIST = { separator: ',' } as const
const LIST_OF_CHOICES = { ...LIST, ignoreCase: true } as const
const NAME_CHARACTERS = 'letters, digits, ".", "_" and "-"'
/** Names separated by commas; blanks around commas are left out before the check. */
const NAMES = '[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*'
/** Of a host, or of a whole domain: `asr.example.com`, `*.example.com`. */
const HOST_NAME = '(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*'
/** Scheme, host and perhaps a port; config.ts checks more. */
const ORIGIN = '[A-Za-z][A-Za-z0-9+.-]*://[^\\s/?#,@"]+'
/** `name=file`. */
const CATALOGUE_FILE = '[a-z0-9][a-z0-9_-]{0,63}=[^,=]+'
/** Codecs that can be turned off; their decoders are third-party code under other licences (NOTICE). */
const CODECS = COMPRESSED_CODECS.join('|')
const CODEC_LIST = COMPRESSED_CODECS.map((name) => `\`${name}\``).join(', ')
/** `dir:PATH`, or `s3:BUCKET` with or without a path in it. */
const COLLECTION = 'dir:.+|s3:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?'
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

export const SETTINGS = Type.Object({
  EARSHOT_HOST: text('127.0.0.1', 'Address to listen on; `0.0.0.0` for every network.'),
  EARSHOT_PORT: whole(8080, 0, 65_535, 'TCP port; 0 lets the system choose.'),
  EARSHOT_ALLOWED_HOSTS: matching(`^$|^\\*$|^${HOST_NAME}(,${HOST_NAME})*$`, '',
    'Names of this service, without ports, separated by commas; `*.example.com` is every name below a domain, `*` any '
    + 'name. Requests under other names are refused, except for `/healthz` and `/readyz`; IP addresses, `localhost` '
    + 'and names below it always pass. Empty: no further name on loopback, any name elsewhere.',
    'host names without ports, separated by commas, or *', 'asr.example.com,*.shop.example', LIST),
  EARSHOT_ALLOWED_ORIGINS: matching(`^$|^\\*$|^${ORIGIN}(,${ORIGIN})*$`, '',
    'Origins whose web pages may send audio, searches and feedback (CORS), such as `https://shop.example`, separated '
    + 'by commas; `*` is every page. Empty: only pages of the service itself.',
    'origins (scheme, host and perhaps a port) separated by commas, or *', 'https://shop.example', LIST),
  EARSHOT_CLIENT_HEADER: matching('^$|^[A-Za-z0-9-]{1,64}$', '',
    'Header in which a gateway names the client of a request, for fair scheduling. Set it only where the gateway '
    + 'overwrites the header. Empty: clients are told apart by access key, or by address.',
    'the name of a header: letters, digits and hyphens, at most 64', 'X-Client-Id'),
  EARSHOT_KEYS_FILE: text('',
    'File of access keys, made by `npm run keys`; every route except health, readiness and pages then requires a key. '
    + 'It is read again whenever it changes. Empty: no key is required.'),
  EARSHOT_LOG_LEVEL: choice(LOG_LEVELS, 'info',
    'Least severe log line written: `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`.'),
  EARSHOT_LOG_FORMAT: choice(LOG_FORMATS, 'auto',
    'Form of the log on standard output: `json`, one object per line, `pretty`, lines for a person, or `auto`: '
    + '`pretty` on a terminal, `json` elsewhere.'),
  EARSHOT_LOG_TRANSCRIPTS: flag(false, 'Write transcripts to the log. Off: no word of a user is logged.'),
  EARSHOT_MODELS: matching(`^${NAMES}$`, 'moonshine-tiny-en',
    'Models to serve, at most four, separated by commas; the first is the default.',
    `names of models separated by commas: ${NAME_CHARACTERS}`, 'moonshine-tiny-en,whisper-base', LIST),
  EARSHOT_MODEL_ALIASES: matching(`^$|^${NAMES}$`,
    'whisper-1,gpt-4o-transcribe,gpt-4o-mini-transcribe',
    'Other names for the default model, for clients with a fixed one.',
    `names separated by commas: ${NAME_CHARACTERS}`, 'whisper-1', LIST),
  EARSHOT_MODELS_DIR: text(path.join(projectRoot, 'models'),
    'Directory with one folder per model. Default: `models` in the project.'),
  EARSHOT_EXECUTION_PROVIDERS: matching('^(cpu|cuda|webgpu)(,(cpu|cuda|webgpu))*$', 'cpu',
    'ONNX Runtime execution providers, tried in order: `cuda`, `webgpu`, `cpu`. The CPU is the last resort.',
    'some of cuda, webgpu, cpu, separated by commas', 'cuda,cpu', LIST_OF_CHOICES),
  EARSHOT_EXECUTION_PROVIDERS_STRICT: flag(false,
    'Refuse to start when the first provider cannot be used, instead of falling back.'),
  EARSHOT_WORKERS: whole(0, 0, 256,
    'Recognition processes; 0 takes the cores of the container divided by `EARSHOT_THREADS`.'),
  EARSHOT_THREADS: whole(1, 1, 64, 'Threads of one recognition process.'),
  EARSHOT_IDLE_THREADS: whole(0, 0, 64,
    'Threads of the encoder for a request that has the service to itself, unless the encoder is larger than 40 MB; 0 '
    + 'takes the cores of the container, at most 4.'),
  EARSHOT_MAX_BATCH_SIZE: whole(1, 1, 8,
    'Most short requests that a worker runs at the same time, in batches, while every worker is busy.'),
  EARSHOT_WORKER_MEMORY_LIMIT_BYTES: matching('^(auto|0|[1-9]\\d{8,12})$', 'auto',
    'A worker whose resident memory is larger after a request is replaced; the replacement is ready before the worker '
    + 'leaves. `auto`: 512 MiB, 6 times the weights of its models, and 1.15 MB for each second of '
    + '`EARSHOT_MAX_AUDIO_SECONDS`. 0: never.', 'auto, 0, or bytes from 100000000', '1000000000', { ignoreCase: true }),
  EARSHOT_QUEUE_JOBS: whole(64, 0, 10_000, 'Requests that may wait for a worker.'),
  EARSHOT_QUEUE_AUDIO_SECONDS: real(600, 1, 86_400, 'Seconds of audio that may wait for a worker.'),
  EARSHOT_QUEUE_WAIT_SECONDS: real(1.5, 0.1, 3_600,
    'Longest wait for a worker. A request is refused when 1.25 times its forecast wait is longer, or when it would '
    + 'make an earlier request of the same client wait longer. The forecast uses the times of recent requests.'),
  EARSHOT_DEADLINE_SECONDS: real(30, 0.1, 3_600,
    'Time from the last byte of an upload to its answer, waiting included.'),
  EARSHOT_KILL_AFTER_SECONDS: real(5, 0.1, 600,
    'A worker that is still busy this long after the deadline of its request is killed and replaced.'),
  EARSHOT_START_SECONDS: real(120, 1, 3_600, 'A worker has to be ready within this time.'),
  EARSHOT_MAX_UPLOAD_BYTES: whole(26_214_400, 1_024, 1_073_741_824, 'Largest upload.'),
  EARSHOT_MAX_UPLOADS_BYTES: whole(268_435_456, 1_024, 68_719_476_736,
    'Largest sum of the uploads held in memory at a time.'),
  EARSHOT_MAX_AUDIO_SECONDS: real(300, 1, 3_600, 'Longest audio.'),
  EARSHOT_CPU_PER_AUDIO_SECOND: real(3, 0.01, 1_000,
    'Processor seconds, of all threads, that a request may use for each second of its audio, in addition to a fixed '
    + '20. A request that uses more is ended with `AUDIO_TOO_COSTLY`.'),
  EARSHOT_UPLOAD_SECONDS: real(30, 0.1, 3_600, 'An upload has to arrive within this time.'),
  EARSHOT_UPLOAD_BYTES_PER_SECOND: whole(250, 1, 1_000_000,
    'Minimum rate of an upload; one that falls behind it by more than 8 seconds is refused. The default is a third of '
    + 'speech at 6 kbit/s.'),
  EARSHOT_MAX_CONNECTIONS: whole(2_000, 10, 100_000,
    'Most connections at a time, in addition to up to 100 that are told of their refusal. One address gets at most '
    + 'four fifths of them, fewer where others have some. Beyond that, its connection that has been idle longest is '
    + 'closed for the new one; for an address without any open connection, the longest idle of all. Where no such '
    + 'connection is idle, the new one is refused.'),
  EARSHOT_IDLE_CONNECTION_SECONDS: real(15, 0.1, 3_600,
    'A connection without a request in progress is closed after this time, also one on which nothing or only part of '
    + 'a header was sent. Behind a gateway that keeps connections open, set it longer than the gateway does.'),
  EARSHOT_DRAIN_SECONDS: real(40, 0, 3_600,
    'Time that requests in progress have to finish at SIGTERM. A body from which nothing arrives for 2 seconds is '
    + 'refused. Recognition requests that are not finished in time are refused.'),
  EARSHOT_LIVE_SESSIONS: whole(50, 0, 10_000,
    'Most live sessions at a time; 0 turns them off. One client gets at most four fifths of them, fewer where others '
    + 'have some.'),
  EARSHOT_LIVE_UTTERANCE_SECONDS: real(30, 1, 300,
    'Longest utterance of a live session; a longer one is ended there and goes on as another.'),
  EARSHOT_LIVE_SESSION_SECONDS: real(3_600, 1, 86_400, 'Longest live session; it is closed then.'),
  EARSHOT_LIVE_IDLE_SECONDS: real(60, 0.1, 3_600, 'A live session without a message is closed after this time.'),
  EARSHOT_TALK_PAGE: flag(true,
    'Serve the page to talk to, at `/`, and the client module for pages of your own. Off, or without live sessions: '
    + '`/` leads to `/docs`.'),
  EARSHOT_DISABLED_CODECS: matching(`^$|^(${CODECS})(,(${CODECS}))*$`, '',
    `Codecs that are turned off, separated by commas: ${CODEC_LIST}. Uploads with them are refused.`,
    `some of ${COMPRESSED_CODECS.join(', ')}, separated by commas`, 'aac,alac', LIST_OF_CHOICES),
  EARSHOT_NORMALIZE_VOLUME: flag(true, 'Bring every clip to the same loudness before recognition.'),
  EARSHOT_TRIM_SILENCE: flag(true,
    'Give the model only the speech of a clip. Off: it gets every clip whole, also clips without speech, without '
    + 'padding and only once, and doubtful words are not rejected.'),
  EARSHOT_SPEECH_DETECTION: choice(DETECTION_MODES, 'both',
    'Which detectors find the speech in a clip: `spectral` (nearly free), `neural` (better in noise, about 0.07 ms per '
    + '32 ms of audio), or `both`: the spectral detector, and the neural one where the spectral one is unsure.'),
  EARSHOT_SPEECH_DETECTOR: matching('^[A-Za-z0-9._-]+$', 'silero-vad', 'Model of the neural detector.',
    `the name of a model: ${NAME_CHARACTERS}`, 'silero-vad'),
  EARSHOT_MAX_DECODING_PASSES: whole(3, 1, 4,
    'Most decoding passes of a short clip whose transcript is doubtful, each with other padding before the speech; the '
    + 'most probable transcript is returned.'),
  EARSHOT_ENGINE: choice(ENGINES, 'compiled',
    'What runs a model: `compiled`, a graph written for this machine from the published weights, or `reference`, the '
    + 'published graphs themselves. A model that the compiler does not support runs as `reference`.'),
  EARSHOT_MATRICES: choice(MATRIX_CHOICES, 'auto',
    'How matrices of a compiled graph multiply: `signed` 8-bit integers, fast and correct on CPUs with VNNI and ARM, '
    + '`unsigned` ones, correct on every CPU; `half` (float16) and `real` (float32) numbers, for accelerators. A CPU '
    + 'emulates `half`, to check words. `auto` detects what the machine has.'),
  EARSHOT_PROFILE: choice(PROFILES, 'fast',
    'Models and thresholds that were measured together: `fast`, the default model alone; `balanced` and `accurate`, a '
    + 'cascade to a larger model, which `npm start` then fetches too. A setting that is set itself wins.'),
  EARSHOT_CASCADE_MODEL: matching('^$|^[A-Za-z0-9._-]+$', '',
    'A larger model that decodes clips of which the default model is unsure, and clips in a language that the default '
    + 'model does not support. Empty: none.',
    `the name of a model: ${NAME_CHARACTERS}`, 'whisper-base'),
  EARSHOT_CASCADE_BELOW: real(0.81, 0, 1,
    'A clip is escalated to the larger model where the certainty of the default model is below this. 0: only where '
    + 'it found no words or was cut off; 1: every clip.'),
  EARSHOT_DRIFT_BASELINE: text('auto',
    'Baseline that the clips of the default model are compared with: a file, `auto` for the one that comes with the '
    + 'model, if there is one, or `off`.'),
  EARSHOT_DRIFT_RECORD: text('',
    'File to which the drift features of each clip are appended, numbers without any word or audio, to make a baseline '
    + 'from. Empty: nothing is written.'),
  EARSHOT_DRIFT_RECORD_CLIPS: whole(200_000, 1, 10_000_000,
    'Most clips that the file may hold; later ones are not added. About 400 bytes each.'),
  ...secret('EARSHOT_FEEDBACK_SECRET',
    'Signs the feedback tokens of answers, at least 32 characters; the same on all replicas. Empty: a random one at '
    + 'each start, and tokens do not outlive the process.'),
  EARSHOT_FEEDBACK_EXPIRY_SECONDS: whole(86_400, 60, 2_592_000,
    'Time after an answer within which its feedback is accepted.'),
  EARSHOT_LABEL_FILE: text('',
    'File to which labels are appended; it turns on the pages `/label` and `/clips`. Empty: they do not exist.'),
  EARSHOT_LABEL_CLIPS: text('',
    'Manifest of the clips that are labelled, JSON Lines. Empty: the collected clips.'),
  EARSHOT_LABEL_TWICE: real(0.1, 0, 1,
    'Share of the clips that two people label, independently of each other, to measure their agreement.'),
  EARSHOT_LABEL_GUIDE: text(path.join(projectRoot, 'docs/labelling.md'),
    'Guide whose rules the page `/label` warns of. Default: `docs/labelling.md` of the project.'),
  EARSHOT_COLLECT: matching(`^$|^(${COLLECTION})$`, '',
    'Where clips are collected whose users agree to it: `dir:PATH`, or `s3:BUCKET/PREFIX` in an S3-compatible store. '
    + 'Empty: nothing is collected.',
    'dir:PATH, s3:BUCKET or s3:BUCKET/PREFIX', 'dir:/var/lib/earshot/clips'),
  EARSHOT_COLLECT_CONSENT: choice(CONSENTS, 'header',
    'Which users agreed: `header`, those whose request has the header `earshot-collect: yes`; `everyone`, all but '
    + 'those whose request has another value of it. Say `everyone` only where all users have consented elsewhere.'),
  EARSHOT_COLLECT_UNIFORM: real(0.01, 0, 1, 'Share of all clips that is collected: a sample for unbiased error rates.'),
  EARSHOT_COLLECT_DOUBTFUL: real(0.2, 0, 1, 'Share of the doubtful clips.'),
  EARSHOT_COLLECT_DOUBTFUL_BELOW: real(0.5, 0, 1,
    'A clip is doubtful where its correctness, or its confidence without calibration, is below this; also where '
    + 'decoding passes or the models of a cascade disagree, or no credible words were found in speech.'),
  EARSHOT_COLLECT_DRIFTED: real(0.2, 0, 1,
    'Share of the clips in whose bins a feature has drifted, while it has an alarm.'),
  EARSHOT_COLLECT_CORRECTED: real(1, 0, 1, 'Share of the clips that a user corrects while they are in memory.'),
  EARSHOT_COLLECT_BUFFER_BYTES: whole(67_108_864, 1_048_576, 4_294_967_296,
    'Memory for the newest clips, up to 10 minutes old, which a user may still correct; and the same again for those '
    + 'that wait to be written.'),
  EARSHOT_COLLECT_RETENTION_DAYS: real(30, 0.01, 3_650, 'Collected clips are deleted when they are older.'),
  EARSHOT_COLLECT_MAX_BYTES: whole(10_737_418_240, 1_048_576, 1_099_511_627_776,
    'Most bytes of all collected clips; beyond it the oldest are deleted.'),
  EARSHOT_COLLECT_KEY_FILE: text('',
    'File of the key that collected clips are encrypted with: 32 random bytes as hexadecimal digits or base64, made by '
    + '`npm run collected -- make-key FILE`. Empty: they are not encrypted.'),
  EARSHOT_COLLECT_S3_ENDPOINT: text('', 'Address of the S3-compatible store, such as `https://s3.example.com`.'),
  EARSHOT_COLLECT_S3_REGION: matching('^[A-Za-z0-9-]{1,64}$', 'us-east-1', 'Its region, part of the signatures.',
    'the name of a region: letters, digits and hyphens, at most 64', 'us-east-1'),
  ...secret('EARSHOT_COLLECT_S3_ACCESS_KEY_ID', 'Its access key.'),
  ...secret('EARSHOT_COLLECT_S3_SECRET_ACCESS_KEY', 'The secret of the access key.'),
  EARSHOT_CATALOGUES: matching(`^$|^${CATALOGUE_FILE}(,${CATALOGUE_FILE})*$`, '',
    'Catalogues that are loaded at the start, as `name=file` separated by commas; CSV or JSON Lines. Others are sent '
    + 'over HTTP.',
    'pairs name=file separated by commas, names in lower case', 'products=/data/products.csv', LIST),
  EARSHOT_MAX_CATALOGUES: whole(16, 0, 64, 'Most catalogues at a time; 0 accepts none.'),
  EARSHOT_MAX_CATALOGUE_ENTRIES: whole(200_000, 1, 1_000_000,
    'Most entries of all catalogues together; one has at most 100,000.'),
  EARSHOT_MAX_CATALOGUE_BYTES: whole(33_554_432, 1_024, 268_435_456, 'Largest catalogue as it is sent.'),
  EARSHOT_SEARCH_ENGINE: choice(SEARCH_ENGINES, 'none',
    'An external search engine that answers `POST /v1/search`: `url`, a template that is fetched, `opensearch`, '
    + '`meilisearch`, or `none`: catalogues answer.'),
  EARSHOT_SEARCH_URL: text('', 'Its address: a template with `{query}`, or that of the index.'),
  EARSHOT_SEARCH_FIELD: matching('^[A-Za-z0-9_.-]{1,100}$', 'name', 'Field of its documents that holds the name.',
    `the name of a field: ${NAME_CHARACTERS}, at most 100`, 'name'),
  ...secret('EARSHOT_SEARCH_AUTHORIZATION', 'Sent to it as the header `Authorization`. Empty: none is sent.'),
  EARSHOT_SEARCH_SECONDS: real(0.5, 0.05, 10,
    'It has to answer within this time, or the transcript is returned without hits.'),
  EARSHOT_REVISION: text('unknown', 'Revision of the code, shown in `asr_build_info`; an image build sets it.'),
  EARSHOT_WARM_UP_CLIP: text(path.join(projectRoot, 'fixtures/clips/warm-up.wav'),
    'Speech that a worker has to recognize before it counts as ready. Default: a clip of the project.'),
})
export type Settings = Static<typeof SETTINGS>

/** What is wrong with `settings`: the sentence says what is expected and what came, and gives an example. */
export interface SettingFault { readonly settings: readonly string[]; readonly sentence: string }
