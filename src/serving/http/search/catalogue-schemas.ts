/** Schemas of catalogues and of spoken search, as TypeBox. */
import { Type, type Static } from 'typebox'
import { EXTERNAL_ENGINE_FAILURES } from '../../../search/external-engine.js'
import { DEFAULT_THRESHOLD, IN_TEXT, REASONS } from '../../../search/ranking/ranking.js'
import { SEARCH_OUTCOMES } from '../../../domain/search-outcomes.js'
import { ReportReply } from '../report-schemas.js'
import { formOf, nullable, oneOf, RecognitionQuery } from '../schemas.js'

const MAX_HITS = 50

const clashes = (description: string) => Type.Object({
  count: Type.Integer(),
  listed: Type.Immutable(Type.Array(Type.Object({
    names: Type.Immutable(Type.Array(Type.String(), { description: 'Normalized.' })),
    ids: Type.Immutable(Type.Array(Type.String())),
  }), { description: 'The first 50.' })),
}, { description })

export const CatalogueParameters = Type.Object({ name: Type.String({ maxLength: 64 }) })

export const CatalogueReply = Type.Object({
  name: Type.String(),
  version: Type.Integer({ description: 'Increases with every catalogue that the process loads.' }),
  entries: Type.Integer(),
  names: Type.Integer({ description: 'Names and aliases.' }),
  loadedAt: Type.String({ description: 'ISO 8601.' }),
  compileSeconds: Type.Number({ description: 'Longest time that a recognition process took to compile it.' }),
  report: Type.Object({
    duplicateNames: clashes('Entries of one name.'),
    soundAlikes: clashes('Entries that no recognizer can tell apart, by the rules of English.'),
    unspellable: Type.Object({ count: Type.Integer(), listed: Type.Immutable(Type.Array(Type.String())) }, {
      description: 'Ids of entries that no model can write: they can be found, but do not bias the decoder.',
    }),
  }, { description: 'Problems that a person may want to fix; all entries are served.' }),
}, { description: 'A catalogue as it is served.' })
export type CatalogueReply = Static<typeof CatalogueReply>

export const CatalogueListReply = Type.Object({ data: Type.Array(CatalogueReply) }, {
  description: 'The catalogues that are served.',
})

export const SearchQuery = Type.Object({
  ...RecognitionQuery.properties,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_HITS, description: 'Most hits; 5 by default.' })),
  threshold: Type.Optional(Type.Number({
    minimum: 0, maximum: 1, description: `Minimum score of a hit; ${DEFAULT_THRESHOLD} by default.`,
  })),
  hits: Type.Optional(Type.Enum(['catalogue', 'engine'], {
    description: 'What answers: the catalogue or phrases, or the external search engine. By default the external '
      + 'search engine if there is one.',
  })),
}, { additionalProperties: false })
export type SearchQuery = Static<typeof SearchQuery>
export const SearchForm = formOf(SearchQuery.properties)

export const HitSchema = Type.Object({
  id: Type.String({ description: 'Of the entry, or the phrase itself.' }),
  name: nullable(Type.String(), 'Null where the external search engine gave none.'),
  score: nullable(Type.Number(), 'From 0 to 1 for catalogues; on the engine\'s own scale for its hits.'),
  why: Type.Array(oneOf(REASONS, 'Recognized as such, or similar in letters or sound.'), {
    description: 'Empty for hits of an external search engine.',
  }),
  inText: nullable(oneOf(IN_TEXT, ''), 'Whether `text` is the name of the entry, contains it or is similar to one; '
    + '`no`: the audio fits the entry better than `text`, or another alternative says it. Null for hits of an external '
    + 'search engine.'),
  tags: Type.Immutable(Type.Array(Type.String())),
})
export type Hit = Static<typeof HitSchema>

const { text, ...REST_OF_REPORT } = ReportReply.properties

/** What was found comes first, after the words. */
export const SearchReply = Type.Object({
  text,
  catalogue: nullable(Type.String(), '`name@version` that the request was answered with; null without one.'),
  outcome: oneOf(SEARCH_OUTCOMES, `The outcome of the search: ${SEARCH_OUTCOMES.join(', ')}.`),
  hits: Type.Union([Type.Array(HitSchema), Type.Null()], {
    description: 'Best first; null when the external search engine failed.',
  }),
  didYouMean: Type.Array(HitSchema, {
    description: 'Somewhat below the threshold; empty when there are hits.',
  }),
  reason: nullable(oneOf(EXTERNAL_ENGINE_FAILURES, ''),
    `Why the external search engine has no answer: ${EXTERNAL_ENGINE_FAILURES.join(', ')}.`),
  searchSeconds: Type.Number({ description: 'Spent on finding hits, after recognition.' }),
  ...REST_OF_REPORT,
}, { description: 'What was recognized, and what was found.' })
export type SearchReply = Static<typeof SearchReply>
