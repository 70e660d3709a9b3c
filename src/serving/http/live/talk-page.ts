/**
 * The page to talk to, at /, and the client module that it uses and that developers copy. Where it is off, / leads to
 * the documents of the API.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../../config.js'
import { projectRoot } from '../../../domain/project-root.js'
import { serveFirstPage } from '../pages/pages.js'

/** For machines without a microphone. An installation may leave them out; the page then says so. */
const SAMPLES = ['warm-up.wav', 'play-some-jazz-music.wav', 'set-a-timer-for-ten-minutes.wav']

export async function talkPage(
  scope: FastifyInstance, { config }: { readonly config: Pick<Config, 'talkPage' | 'liveSessions'> },
): Promise<void> {
  if (!config.talkPage || config.liveSessions === 0) {
    scope.get('/', { config: { access: 'open' }, schema: { hide: true } }, (_request, reply) =>
      reply.redirect('docs')) // relative: a proxy may add a path
    return
  }
  const samples = SAMPLES.map((name) => path.join(projectRoot, 'fixtures/clips', name))
  serveFirstPage(scope, 'talk', { files: samples.filter((file) => existsSync(file)) })
}
