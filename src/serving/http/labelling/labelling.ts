/**
 * The routes behind the page /label, and behind /clips, the list of what there is to label. They exist only where
 * labelling is switched on.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { Selection } from '../../../data/collection/collected-clip.js'
import type { Label } from '../../../data/labels/label-file.js'
import { completionsOf } from '../../../search/catalogue/completion.js'
import type { Labelling } from '../../labelling/labelling.js'
import { whenClosed } from '../connections/when-closed.js'
import type { AppDependencies } from '../dependencies.js'
import { takeJson } from '../json-bodies.js'
import { servePage } from '../pages/pages.js'
import { RECOGNITION_ERRORS, UPLOAD_ERRORS, type Answers } from '../documentation/answers.js'
import {
  ClipQuery, ClipReply, ClipsQuery, ClipsReply, CompletionQuery, CompletionsReply, GuideReply, LabelledReply, LabelText,
  NewLabel, NextQuery, NextReply, SuggestionsReply, WarningsReply,
} from './labelling-schemas.js'
import { suggest } from './suggestions.js'
import { Audio } from '../transcription/raw-clip.js'

const MAX_BODY_BYTES = 16_384
const MOST_COMPLETIONS = 6
/** A page of the list; who looks for more narrows the selection. */
const MOST_LISTED = 200

const access = (answers: Answers) => ({ config: { access: 'labelling', answers } }) as const
const FRESH = ['cache-control'] as const
const CLIP_ERRORS = ['CLIP_NOT_FOUND', 'COLLECTION_UNAVAILABLE'] as const
const TAGS = ['labelling']

const AUDIO_ANSWERS: Answers = {
  description: 'The bytes of the file, with the media type of its upload.',
  errors: [...CLIP_ERRORS, 'UPLOAD_TOO_LARGE'],
  headers: FRESH,
  content: { 'audio/*': { schema: Audio }, 'application/octet-stream': { schema: Audio } },
}

interface LabellingDependencies extends AppDependencies { readonly labelling: Labelling }

export const labellingRoutes: FastifyPluginAsyncTypebox<LabellingDependencies> = async (scope, dependencies) => {
  await scope.register(clipRoutes, dependencies)
  await scope.register(audioRoutes, dependencies)
  await scope.register(textRoutes, dependencies)
  await scope.register(labelRoutes, dependencies)
  servePage(scope, 'label')
  servePage(scope, 'clips')
}

const clipRoutes: FastifyPluginAsyncTypebox<LabellingDependencies> = async (scope, { labelling }) => {
  scope.get('/v1/labelling/next', {
    ...access({ errors: ['COLLECTION_UNAVAILABLE'], headers: FRESH }),
    schema: {
      operationId: 'getNextClip',
      summary: 'The next clip for a labeller, and how far labelling is',
      tags: TAGS, querystring: NextQuery,
      response: { 200: NextReply },
    },
  }, async ({ query: { author, onScreen = [], ...query } }, reply) => {
    const { clip, progress } = await labelling.next(author, selectionOf(query), onScreen)
    return fresh(reply).send({ clip: clip === undefined ? null : { ...clip, label: null }, progress })
  })

  scope.get('/v1/labelling/clip', {
    ...access({ errors: CLIP_ERRORS, headers: FRESH }),
    schema: {
      operationId: 'getClip',
      summary: 'A clip with the last label of a labeller',
      tags: TAGS, querystring: ClipQuery,
      response: { 200: ClipReply },
    },
  }, async ({ query: { clip: id, author } }, reply) => {
    const clip = await labelling.find(id)
    const label = author === undefined ? undefined : labelling.labelOf(id, author)
    return fresh(reply).send({ clip: { ...clip, label: label ?? null } })
  })

  scope.get('/v1/labelling/clips', {
    ...access({ errors: ['COLLECTION_UNAVAILABLE'], headers: FRESH }),
    schema: {
      operationId: 'listClips',
      summary: 'Clips of a selection, the newest first',
      tags: TAGS, querystring: ClipsQuery,
      response: { 200: ClipsReply },
    },
  }, async ({ query }, reply) => {
    const clips = await labelling.select(selectionOf(query))
    const listed = clips.slice(-MOST_LISTED).reverse().map((clip) => ({
      ...clip, labels: labelling.labelsOf(clip.id).filter(isLabelled).length,
    }))
    return fresh(reply).send({ total: clips.length, clips: listed })
  })
}

const audioRoutes: FastifyPluginAsyncTypebox<LabellingDependencies> = async (scope, dependencies) => {
  const { labelling } = dependencies
  scope.get('/v1/labelling/audio', {
    ...access(AUDIO_ANSWERS),
    schema: {
      operationId: 'getClipAudio',
      summary: 'A clip as it was uploaded',
      tags: TAGS, querystring: ClipQuery,
    },
  }, async ({ query: { clip } }, reply) => {
    const { bytes, mediaType } = await labelling.audio(clip)
    const type = /^audio\/[\w.+-]+/.exec(mediaType)?.[0] ?? 'application/octet-stream'
    return fresh(reply).type(type).send(bytes)
  })

  scope.get('/v1/labelling/suggestions', {
    ...access({ errors: [...CLIP_ERRORS, 'UPLOAD_TOO_LARGE', ...RECOGNITION_ERRORS], headers: FRESH }),
    schema: {
      operationId: 'getSuggestions',
      summary: 'What may be said in a clip, and where speech is',
      tags: TAGS, querystring: ClipQuery,
      response: { 200: SuggestionsReply },
    },
  }, async ({ query: { clip: id } }, reply) => {
    const clip = await labelling.find(id)
    const controller = new AbortController()
    whenClosed(reply.raw, () => { controller.abort() })
    return fresh(reply).send(await suggest(clip, await labelling.audio(id), controller.signal, dependencies))
  })
}

const textRoutes: FastifyPluginAsyncTypebox<LabellingDependencies> = async (scope, { labelling, catalogues }) => {
  scope.get('/v1/labelling/guide', {
    ...access({}),
    schema: {
      operationId: 'getLabelGuide',
      summary: 'The rules of the labelling guide',
      tags: TAGS, response: { 200: GuideReply },
    },
  }, () => {
    const { language, rules } = labelling.guide
    return { language, rules: rules.map(({ id, write }) => ({ id, write })) }
  })

  scope.get('/v1/labelling/completions', {
    ...access({}),
    schema: {
      operationId: 'listCompletions',
      summary: 'Names of catalogues that continue a text',
      tags: TAGS, querystring: CompletionQuery,
      response: { 200: CompletionsReply },
    },
  }, async ({ query: { text } }) => {
    const served = catalogues.list().map(({ catalogue }) => catalogue)
    return { completions: await completionsOf(text, served, MOST_COMPLETIONS) }
  })
}

const labelRoutes: FastifyPluginAsyncTypebox<LabellingDependencies> = async (scope, { labelling, uploads }) => {
  takeJson(scope, uploads, MAX_BODY_BYTES)

  scope.post('/v1/labelling/warnings', {
    ...access({ errors: UPLOAD_ERRORS }),
    schema: {
      operationId: 'checkLabelText',
      summary: 'What the guide says about a text',
      tags: TAGS, body: LabelText,
      response: { 200: WarningsReply },
    },
  }, ({ body: { text } }) => ({ warnings: labelling.warnings(text) }))

  scope.post('/v1/labelling/labels', {
    ...access({ errors: [...UPLOAD_ERRORS, ...CLIP_ERRORS] }),
    schema: {
      operationId: 'addLabel',
      summary: 'Label a clip; answered when the label is on the disk',
      tags: TAGS,
      body: NewLabel, response: { 201: LabelledReply },
    },
  }, async ({ body, log }, reply) => {
    const label = await labelling.add(body)
    log.info({ author: label.author, state: label.state }, 'labelled')
    return reply.code(201).send(label)
  })
}

function selectionOf({ from, to, reason, feature }: Selection & { feature?: string | undefined }): Selection {
  return { from, to, reason, driftFeature: feature }
}

function isLabelled({ state }: Label): boolean {
  return state !== 'skipped'
}

/** No cache may keep what people said. */
function fresh<Reply extends FastifyReply>(reply: Reply): Reply {
  return reply.header('cache-control', 'no-store') as Reply
}
