/**
 * The page at /docs: a page of the service like the others, on which Swagger UI draws the document. Only its script and
 * style sheet come from the package; its own page has the name and icon of Swagger, inline scripts and absolute paths.
 */
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { servePage } from '../pages/pages.js'

const SWAGGER_UI = new URL('static/', import.meta.resolve('@fastify/swagger-ui/package.json'))
const FILES = ['swagger-ui-bundle.js', 'swagger-ui.css']

/** The style sheet of Swagger UI has inline images. */
const IMAGES = 'img-src \'self\' data:'

export const docsPage: FastifyPluginAsyncTypebox = async (scope) => {
  const files = FILES.map((name) => fileURLToPath(new URL(name, SWAGGER_UI)))
  servePage(scope, 'docs', { files, policy: IMAGES })
}
