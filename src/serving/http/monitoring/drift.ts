/**
 * GET /v1/drift, and the page at /drift that draws it.
 *
 * The page is plain files without a build step, read once at the start: no request reaches the disk, and no name in a
 * URL becomes a path. They carry an ETag and are asked for anew each time, so that a page never runs with the script
 * of another version. Nothing comes from elsewhere, and the policy makes browsers hold to that.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AppDependencies } from '../dependencies.js'
import { DriftReply } from './drift-schemas.js'

const FOLDER = fileURLToPath(new URL('./drift-page/', import.meta.url))
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
/** Beside those that every answer has. */
const PAGE_HEADERS = {
  'content-security-policy': 'default-src \'self\'; base-uri \'none\'; form-action \'none\'; frame-ancestors \'none\'',
  'cache-control': 'no-cache',
}

/** The page holds no data, and could not ask for a key if it needed one. */
const OPEN = { access: 'open' } as const

interface PageFile {
  readonly body: Buffer
  readonly mediaType: string
  readonly etag: string
}

export const drift: FastifyPluginAsyncTypebox<AppDependencies> = async (scope, { drift, telemetry }) => {
  const files = readFiles()

  scope.get('/v1/drift', {
    config: { access: 'metrics' },
    schema: {
      summary: 'Inputs and outputs against the baseline, and the traffic of the last hour; /drift draws it',
      tags: ['operations'],
      response: { 200: DriftReply },
    },
  }, async (_request, reply) => {
    const snapshot = drift.snapshot()
    const traffic = telemetry.recent.snapshot()
    return reply
      .header('cache-control', 'no-store')
      .send(
        snapshot === null
          ? { baseline: null, reason: drift.reason ?? 'nothing has been compared yet', traffic }
          : { ...snapshot, traffic },
      )
  })

  scope.get('/drift', { config: OPEN, schema: { hide: true } }, (request, reply) =>
    sendFile(files.get('index.html')!, request, reply),
  )
  scope.get('/drift/', { config: OPEN, schema: { hide: true } }, (_request, reply) => reply.redirect('../drift'))
  scope.get(
    '/drift/:file',
    { config: OPEN, schema: { hide: true, params: Type.Object({ file: Type.String() }) } },
    (request, reply) => {
      const file = files.get(request.params.file)
      return file === undefined ? reply.callNotFound() : sendFile(file, request, reply)
    },
  )
}

/** By their names. What has no media type here (a note for readers) is no part of the page. */
function readFiles(): ReadonlyMap<string, PageFile> {
  return new Map(readdirSync(FOLDER).flatMap((name) => {
    const mediaType = MEDIA_TYPES[path.extname(name)]
    if (mediaType === undefined) return []
    const body = readFileSync(path.join(FOLDER, name))
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    return [[name, { body, mediaType, etag }] as const]
  }))
}

function sendFile({ body, mediaType, etag }: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  void reply.headers({ ...PAGE_HEADERS, etag })
  if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  return reply.type(mediaType).send(body)
}
