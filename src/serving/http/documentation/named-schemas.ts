/** The schemas that /openapi.json has by name, as components. Where a route uses one, it refers to it. */
import type { TSchema } from 'typebox'
import { ModelCard } from '../../../domain/model-card.js'
import {
  BaselineSchema, CauseSchema, ComparisonSchema, DriftReply, FeatureSchema, TrafficSchema,
} from '../monitoring/drift-schemas.js'
import { Readiness } from '../monitoring/operations-schemas.js'
import {
  AlternativeSchema, CascadeSchema, InputSchema, PhraseScoreSchema, ReportReply, SegmentSchema, TimbreSchema,
  TokenSchema, WordSchema,
} from '../report-schemas.js'
import {
  AcceptedReply, ErrorReply, FeedbackBody, LabelBody, LabelReply, ModelDetailReply, ModelListReply, ModelReply,
  OpenAiForm, TranscriptionForm,
} from '../schemas.js'
import { CatalogueListReply, CatalogueReply, HitSchema, SearchForm, SearchReply } from '../search/catalogue-schemas.js'
import {
  ClipReply, ClipsReply, CompletionsReply, GuideReply, Label, LabelledReply, NewLabel, NextReply, SuggestionsReply,
  WarningsReply,
} from '../labelling/labelling-schemas.js'
import {
  OpenAiJson, OpenAiSegment, OpenAiToken, OpenAiUsage, OpenAiVerboseJson, OpenAiWord,
} from '../transcription/openai-schemas.js'
import { Audio } from '../transcription/raw-clip.js'

export const NAMED_SCHEMAS: Readonly<Record<string, TSchema>> = {
  Accepted: AcceptedReply,
  Alternative: AlternativeSchema,
  Audio,
  Baseline: BaselineSchema,
  Cascade: CascadeSchema,
  Catalogue: CatalogueReply,
  CatalogueList: CatalogueListReply,
  ClipList: ClipsReply,
  ClipToLabel: ClipReply,
  Completions: CompletionsReply,
  Drift: DriftReply,
  DriftCause: CauseSchema,
  DriftComparison: ComparisonSchema,
  DriftFeature: FeatureSchema,
  Error: ErrorReply,
  Feedback: FeedbackBody,
  Hit: HitSchema,
  Input: InputSchema,
  Label,
  LabelGuide: GuideReply,
  LabelledClip: LabelledReply,
  LabelWarnings: WarningsReply,
  Model: ModelReply,
  ModelCard,
  ModelDetail: ModelDetailReply,
  ModelList: ModelListReply,
  NewLabel,
  NextClip: NextReply,
  OpenAiForm,
  OpenAiJson,
  OpenAiSegment,
  OpenAiToken,
  OpenAiUsage,
  OpenAiVerboseJson,
  OpenAiWord,
  PhraseScore: PhraseScoreSchema,
  Readiness,
  ReferenceTranscript: LabelBody,
  ReferenceTranscriptCounted: LabelReply,
  Report: ReportReply,
  Search: SearchReply,
  SearchForm,
  Segment: SegmentSchema,
  Suggestions: SuggestionsReply,
  Timbre: TimbreSchema,
  Token: TokenSchema,
  Traffic: TrafficSchema,
  TranscriptionForm,
  Word: WordSchema,
}
