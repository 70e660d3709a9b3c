/** Schemas of the routes behind the page /label, as TypeBox. */
import { Type, type Static } from 'typebox'
import { COLLECTION_REASONS } from '../../../data/collection/collected-clip.js'
import { GUIDE_SEVERITIES } from '../../../data/labels/guide.js'
import { LABEL_STATES } from '../../../data/labels/label-file.js'
import { nullable } from '../schemas.js'

/** Far more than a query has. */
export const MAX_LABEL_CHARACTERS = 2_000
const MAX_TAGS = 20

const ClipName = Type.String({ minLength: 1, maxLength: 1_000, description: 'The clip, as labels name it.' })
const Author = Type.String({
  minLength: 1, maxLength: 64, pattern: '^[\\p{L}\\p{N}._@ -]+$', description: 'Who labels.',
})
const Instant = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d:\\d\\d)$', description: 'ISO 8601.',
})

/** Which of the collected clips; without effect on a manifest. */
const SELECTION = {
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  reason: Type.Optional(Type.Enum([...COLLECTION_REASONS])),
  feature: Type.Optional(Type.String({ maxLength: 64, description: 'A drift feature that the clip was drifted in.' })),
}
export const ClipsQuery = Type.Object({ ...SELECTION, author: Type.Optional(Author) }, { additionalProperties: false })
export type ClipsQuery = Static<typeof ClipsQuery>
export const NextQuery = Type.Object({
  ...SELECTION, author: Author,
  onScreen: Type.Optional(Type.Array(ClipName, { maxItems: 5, description: 'Clips that the author has already.' })),
}, { additionalProperties: false })
export type NextQuery = Static<typeof NextQuery>
export const ClipQuery = Type.Object(
  { clip: ClipName, author: Type.Optional(Author) }, { additionalProperties: false },
)
export const CompletionQuery = Type.Object({
  text: Type.String({ maxLength: MAX_LABEL_CHARACTERS, description: 'What stands before the cursor.' }),
}, { additionalProperties: false })

export const LabelText = Type.Object(
  { text: Type.String({ maxLength: MAX_LABEL_CHARACTERS }) }, { additionalProperties: false },
)
export const NewLabel = Type.Object({
  clip: ClipName,
  author: Author,
  text: Type.String({ maxLength: MAX_LABEL_CHARACTERS, description: 'What was said; empty where nobody speaks.' }),
  tags: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { maxItems: MAX_TAGS }),
  state: Type.Enum([...LABEL_STATES]),
}, { additionalProperties: false })

export const Label = Type.Object({
  author: Type.String(), time: Type.String(), text: Type.String(), tags: Type.Immutable(Type.Array(Type.String())),
  state: Type.Enum([...LABEL_STATES]),
})
export const LabelledReply = Type.Object({ ...Label.properties, clip: Type.String(), secondOpinion: Type.Boolean() })
const Clip = Type.Object({
  id: Type.String(),
  time: nullable(Type.String(), 'When it was collected; null in a manifest.'),
  reasons: Type.Immutable(Type.Array(Type.String(), { description: 'Why it was collected.' })),
  driftFeatures: Type.Immutable(Type.Array(Type.String(), { description: 'Drift alarms that it belongs to.' })),
  tags: Type.Immutable(Type.Array(Type.String(), { description: 'Of the manifest.' })),
})
export const ClipReply = Type.Object({
  clip: Type.Union([
    Type.Object({ ...Clip.properties, label: Type.Union([Label, Type.Null()]) }), Type.Null(),
  ], { description: 'With the last label of the author; null where nothing is left.' }),
})
export const NextReply = Type.Object({
  ...ClipReply.properties,
  progress: Type.Object({
    clips: Type.Integer(), labelled: Type.Integer({ description: 'By at least one person.' }),
    yours: Type.Integer(), labelledTwice: Type.Integer(), leftForYou: Type.Integer(),
  }),
})
export const ClipsReply = Type.Object({
  total: Type.Integer({ description: 'Clips of the selection.' }),
  clips: Type.Array(Type.Object({
    ...Clip.properties, labels: Type.Integer({ description: 'People who labelled it.' }),
  }), { description: 'The newest of them.' }),
})
export const SuggestionsReply = Type.Object({
  suggestions: Type.Array(Type.Object({
    text: Type.String(),
    source: Type.Enum(['manifest', 'correction', 'recognizer']),
    probability: nullable(Type.Number(), 'That it is right, if the model is calibrated.'),
  }), { description: 'Best first; all different.' }),
  speech: Type.Array(Type.Object({ startSeconds: Type.Number(), endSeconds: Type.Number() }), {
    description: 'What the recognizer takes for speech.',
  }),
  audioSeconds: Type.Number(),
})
export const CompletionsReply = Type.Object({
  completions: Type.Immutable(Type.Array(Type.Object({
    name: Type.String(), replaces: Type.Integer({ description: 'Characters before the cursor.' }),
  }))),
})
export const WarningsReply = Type.Object({
  warnings: Type.Immutable(Type.Array(Type.Object({
    rule: Type.String(), severity: Type.Enum([...GUIDE_SEVERITIES]), start: Type.Integer(), end: Type.Integer(),
    found: Type.String(), suggestion: nullable(Type.String(), 'Null where only the audio tells.'),
    message: Type.String(),
  }))),
})
export const GuideReply = Type.Object({
  language: Type.String(), rules: Type.Array(Type.Object({ id: Type.String(), write: Type.String() })),
})
