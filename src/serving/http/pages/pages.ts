/**
 * The pages of the service: plain files without a build step, one folder for each page, and one for what they share.
 *
 * Files are read once at the start: no request reaches the disk, and no name in a URL becomes a path. They carry an
 * ETag and are asked for anew each time, so that a page never runs with the script of another version. Nothing comes
 * from elsewhere, and the policy makes browsers hold to that.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wav': 'audio/wav',
  '.ts': 'text/plain; charset=utf-8',
}
const POLICY = 'default-src \'self\'; base-uri \'none\'; form-action \'none\'; frame-ancestors \'none\''
/** A page holds no data, and could not ask for a key if it needed one. */
const OPEN = { config: { access: 'open' }, schema: { hide: true } } as const

interface PageFile {
  readonly body: Buffer
  readonly mediaType: string
  readonly etag: string
  readonly policy: string
}

interface Additions {
  /** Files of packages, as absolute paths; served beside those of the page. */
  readonly files?: readonly string[]
  /** A directive of the content security policy, besides those of all pages. */
  readonly policy?: string
}

/** What the pages share, at /shared. */
export const sharedFiles: FastifyPluginAsyncTypebox = async (scope) => {
  serveFiles(scope, 'shared', readFiles('shared'))
}

/** The folder `name` at the path of the same name. */
export function servePage(scope: FastifyInstance, name: string, additions: Additions = {}): void {
  const files = readFiles(name, additions)
  const index = indexOf(name, files)
  scope.get(`/${name}`, OPEN, (request, reply) => sendFile(index, request, reply))
  scope.get(`/${name}/`, OPEN, (_request, reply) => reply.redirect(`../${name}`))
  serveFiles(scope, name, files)
}

/** The page of the folder `name` at /, with its files below the path of that name. */
export function serveFirstPage(scope: FastifyInstance, name: string, additions: Additions = {}): void {
  const files = readFiles(name, additions)
  const index = indexOf(name, files)
  scope.get('/', OPEN, (request, reply) => sendFile(index, request, reply))
  serveFiles(scope, name, files)
}

function indexOf(name: string, files: ReadonlyMap<string, PageFile>): PageFile {
  const index = files.get('index.html')
  if (index === undefined) throw new Error(`the page "${name}" has no index.html`)
  return index
}

function serveFiles(scope: FastifyInstance, name: string, files: ReadonlyMap<string, PageFile>): void {
  scope.get<{ Params: { file: string } }>(`/${name}/:file`, OPEN, (request, reply) => {
    const file = files.get(request.params.file)
    return file === undefined ? reply.callNotFound() : sendFile(file, request, reply)
  })
}

/** By their names. What has no media type here (a note for readers) is no part of the page. */
function readFiles(name: string, { files = [], policy }: Additions = {}): ReadonlyMap<string, PageFile> {
  const folder = fileURLToPath(new URL(`./${name}/`, import.meta.url))
  const own = readdirSync(folder).map((file) => path.join(folder, file))
  return new Map([...own, ...files].flatMap((file) => {
    const mediaType = MEDIA_TYPES[path.extname(file)]
    if (mediaType === undefined) return []
    const body = readFileSync(file)
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    return [[path.basename(file), {
      body, mediaType, etag, policy: policy === undefined ? POLICY : `${POLICY}; ${policy}`,
    }] as const]
  }))
}

/** The headers are beside those that every answer has. */
function sendFile(file: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { body, mediaType, etag, policy } = file
  void reply.headers({ 'content-security-policy': policy, 'cache-control': 'no-cache', etag })
  if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  return reply.type(mediaType).send(body)
}
