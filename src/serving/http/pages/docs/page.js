/** The operations of /openapi.json, drawn by Swagger UI, which sets `SwaggerUIBundle`. */
import { repairAccess } from './accessibility.js'

const dark = matchMedia('(prefers-color-scheme: dark)')
const main = /** @type {HTMLElement} */ (document.getElementById('operations'))

/** Swagger UI has dark colours for pages with this class. */
function followColours() {
  document.documentElement.classList.toggle('dark-mode', dark.matches)
}

followColours()
dark.addEventListener('change', followColours)
repairAccess(main)
SwaggerUIBundle({
  url: new URL('openapi.json', document.baseURI).href,
  domNode: main,
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  tryItOutEnabled: false,
})
