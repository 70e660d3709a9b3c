/** The operations of /openapi.json, drawn by Swagger UI, whose script sets `SwaggerUIBundle`. */
import { keepAccessible } from './accessibility.js'

const dark = matchMedia('(prefers-color-scheme: dark)')
const main = /** @type {HTMLElement} */ (document.getElementById('operations'))
const { SwaggerUIBundle } = /** @type {any} */ (window)

/** Swagger UI has dark colours for pages with this class. */
function followColours() {
  document.documentElement.classList.toggle('dark-mode', dark.matches)
}

/** Swagger UI fills the fields of a form with made-up values; here they are empty. */
const emptyFields = {
  wrapComponents: {
    /** @param {unknown} Original @param {any} system */
    JsonSchemaForm: (Original, { React }) => (/** @type {any} */ properties) =>
      React.createElement(Original, {
        ...properties,
        ...properties.dispatchInitialValue === true && { dispatchInitialValue: false },
      }),
  },
}

/** Swagger UI would send the empty fields of a form too. @param {any} request */
function withoutEmptyFields(request) {
  const { body } = request
  if (!(body instanceof FormData)) return request
  for (const name of new Set(body.keys())) if (body.getAll(name).every((value) => value === '')) body.delete(name)
  return request
}

/** Where the service requires keys: a link cannot carry one. */
function hideClosedLinks() {
  document.body.classList.toggle('keyed', (ui.specSelectors.securityDefinitions()?.size ?? 0) > 0)
}

followColours()
dark.addEventListener('change', followColours)
keepAccessible(main)
const ui = SwaggerUIBundle({
  url: new URL('openapi.json', document.baseURI).href,
  domNode: main,
  deepLinking: false, // its links lie inside of buttons
  docExpansion: 'list',
  defaultModelsExpandDepth: -1,
  syntaxHighlight: false, // its colours cannot be told from the ground
  validatorUrl: null,
  plugins: [emptyFields],
  requestInterceptor: withoutEmptyFields,
  onComplete: hideClosedLinks,
})
