/**
 * What is said about answers afterwards: a token goes out with each, and comes back with an event or with the words
 * that were really said. The service stores no transcript, so the client brings it, and the signed digest in the
 * token vouches for it. Nothing of the text is kept: it becomes counts, and is gone when the call returns.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { SpeechError, type ErrorCode } from '../../domain/errors.js'
import { normalizeText } from '../../domain/scoring/normalize.js'
import { alignWords, countErrors, totalErrors, type ErrorCounts } from '../../domain/scoring/word-errors.js'
import { factsOf } from '../../domain/report-facts.js'
import type { Report } from '../../domain/report.js'
import type { ConfidenceBin } from './calibration-test.js'
import { ConceptDriftMonitor, type ConceptDriftEstimates } from './concept-drift.js'
import { Duplicates } from './duplicates.js'
import type { FeedbackEvent, LabelSource, UnmatchedReason } from './events.js'
import { LruCounter } from './lru-counter.js'
import { checkText, MOST_WORDS, tooManyWords } from './text-limits.js'
import { digestOfTranscript, issueToken, readToken, tokenName, type AnswerFacts } from './token.js'

/** Of a statement whose texts turned out to be too long only after the work of comparing them had begun. */
const MOST_TRIES = 3

export interface FeedbackOptions {
  /** Undefined: drawn now, so that no token outlives this process. */
  readonly secret: string | undefined
  readonly expirySeconds: number
  /** Served here; tokens of other models are counted, and that is all. */
  readonly models: readonly string[]
  /** By model: what its confidences meant in its baseline. */
  readonly confidenceToWer?: Readonly<Record<string, readonly ConfidenceBin[]>> | undefined
  readonly observer: FeedbackObserver
  /** Milliseconds, as Date.now. */
  readonly now?: () => number
}

/** Who counts. */
export interface FeedbackObserver {
  happened(model: string, event: FeedbackEvent, delaySeconds: number): void
  /** Which hit of a search was opened, from 1. */
  clicked(rank: number): void
  labelled(model: string, source: LabelSource, counts: ErrorCounts): void
  unmatched(reason: UnmatchedReason): void
}

interface LabelTexts {
  /** What was really said. */
  readonly reference: string
  /** What the service had answered. */
  readonly transcript: string
}

export interface Label extends LabelTexts {
  readonly source: LabelSource
  /** Of whom or where; labels of one session are not independent. */
  readonly session?: string | undefined
}

export interface Statement {
  readonly event: FeedbackEvent
  /** By the client's clock, from the answer to what the user did. */
  readonly delaySeconds?: number | undefined
  /** Which hit was clicked, from 1. */
  readonly rank?: number | undefined
  /** What the user corrected the transcript to. */
  readonly correction?: LabelTexts | undefined
}

/** What a token says, and how many words and errors the label makes of it. */
export interface LabelledFacts extends AnswerFacts {
  readonly label: { readonly words: number; readonly errors: number }
}

/** Errors that mean: this cannot be attributed to an answer. */
const UNMATCHED: Partial<Record<ErrorCode, UnmatchedReason>> = {
  TOKEN_INVALID: 'bad_token', TOKEN_EXPIRED: 'expired', FEEDBACK_DUPLICATE: 'duplicate', TRANSCRIPT_OTHER: 'other_text',
}

export class Feedback {
  readonly #options: FeedbackOptions
  readonly #secret: string
  readonly #now: () => number
  readonly #duplicates = new Duplicates()
  /** How often a statement had too many words. */
  readonly #refused = new LruCounter()
  readonly #concepts: ReadonlyMap<string, ConceptDriftMonitor>
  /** Sessions are told apart by a digest that nobody can compute outside this process. */
  readonly #sessionKey = randomBytes(32)

  constructor(options: FeedbackOptions) {
    this.#options = options
    this.#secret = options.secret ?? randomBytes(32).toString('base64url')
    this.#now = options.now ?? Date.now
    this.#concepts = new Map(options.models.map((model) => [model, new ConceptDriftMonitor(options.confidenceToWer?.[model])]))
  }

  /** The token of an answer. */
  answered(report: Report, id: string): string {
    const { text, model, language, confidence } = report
    const { wordCount: words } = factsOf(report)
    if (confidence !== null) this.#concepts.get(model)?.answered(confidence, words)
    const issuedSeconds = Math.floor(this.#now() / 1000)
    const transcriptDigest = digestOfTranscript(text)
    return issueToken({ id, model, language, confidence, words, issuedSeconds, transcriptDigest }, this.#secret)
  }

  /** Throws TOKEN_INVALID, TOKEN_EXPIRED, FEEDBACK_DUPLICATE; with a correction also what `label` throws. */
  tell(token: string, { event, delaySeconds, rank, correction }: Statement): AnswerFacts {
    return this.#counting(() => {
      const facts = this.#read(token)
      const statements = statementsOf(token, correction === undefined ? [event] : [event, labelOf('correction')])
      this.#refuseKnown(statements)
      const counts = correction === undefined ? undefined : this.#score(statements[0]!, facts, correction)
      this.#duplicates.remember(statements)
      // Never more than the age of the token, whatever the client's clock says.
      const ageSeconds = Math.max(0, this.#now() / 1000 - facts.issuedSeconds)
      this.#options.observer.happened(facts.model, event, Math.min(delaySeconds ?? ageSeconds, ageSeconds))
      if (rank !== undefined) this.#options.observer.clicked(rank)
      if (counts !== undefined) this.#options.observer.labelled(facts.model, 'correction', counts)
      return facts
    })
  }

  /** Throws TOKEN_INVALID, TOKEN_EXPIRED, TRANSCRIPT_OTHER, FEEDBACK_DUPLICATE, and REQUEST_INVALID for texts of too many words. */
  label(token: string, { source, session, ...texts }: Label): LabelledFacts {
    return this.#counting(() => {
      const facts = this.#read(token)
      const statements = statementsOf(token, [labelOf(source)])
      this.#refuseKnown(statements)
      const counts = this.#score(statements[0]!, facts, texts)
      this.#duplicates.remember(statements)
      this.#options.observer.labelled(facts.model, source, counts)
      const sums = { words: counts.words, errors: totalErrors(counts) }
      if (source === 'random') this.#concepts.get(facts.model)?.labelled({ ...sums, confidence: facts.confidence, session: this.#pseudonym(session) })
      return { ...facts, label: sums }
    })
  }

  /** By model. */
  estimates(): ReadonlyMap<string, ConceptDriftEstimates> {
    return new Map([...this.#concepts].map(([model, concept]) => [model, concept.estimates()]))
  }

  #counting<T>(work: () => T): T {
    try {
      return work()
    } catch (thrown) {
      const reason = thrown instanceof SpeechError ? UNMATCHED[thrown.code] : undefined
      if (reason !== undefined) this.#options.observer.unmatched(reason)
      throw thrown
    }
  }

  #read(token: string): AnswerFacts {
    const facts = readToken(token, this.#secret)
    const { expirySeconds } = this.#options
    if (this.#now() / 1000 > facts.issuedSeconds + expirySeconds) throw new SpeechError('TOKEN_EXPIRED', `feedback is taken for ${expirySeconds} s`, { parameter: 'token' })
    return facts
  }

  /**
   * First of all checks but that of the token: what was said already costs no comparison. Statements are claimed after
   * all checks, so that what is refused for another reason may be said again.
   */
  #refuseKnown(statements: readonly Said[]): void {
    if (statements.some((statement) => this.#duplicates.knows(statement))) throw duplicate(statements.map(whatOf).join(', '))
  }

  /** From what is cheap to refuse to what is not; what costs more is tried a few times and no more. */
  #score(statement: Said, { language, transcriptDigest }: AnswerFacts, { reference, transcript }: LabelTexts): ErrorCounts {
    checkText(transcript, 'transcript')
    if (digestOfTranscript(transcript) !== transcriptDigest) throw new SpeechError('TRANSCRIPT_OTHER', undefined, { parameter: 'transcript' })
    checkText(reference, 'reference')
    if (this.#refused.countOf(statement) >= MOST_TRIES) throw duplicate(`${whatOf(statement)} was refused ${MOST_TRIES} times`)
    const said = normalizeText(reference, language)
    const heard = normalizeText(transcript, language)
    const longest = Math.max(said.length, heard.length)
    if (longest > MOST_WORDS) {
      this.#refused.add(statement)
      throw tooManyWords(longest, said.length === longest ? 'reference' : 'transcript')
    }
    return countErrors(alignWords(said, heard))
  }

  #pseudonym(session: string | undefined): string | undefined {
    return session === undefined ? undefined : createHmac('sha256', this.#sessionKey).update(session).digest('base64url').slice(0, 16)
  }
}

/** A token by its name, and what was said with it. */
type Said = `${string} ${string}`

function statementsOf(token: string, said: readonly string[]): Said[] {
  const name = tokenName(token)
  return said.map((what): Said => `${name} ${what}`)
}

/** Without the token, for messages. */
function whatOf(statement: Said): string {
  return statement.slice(statement.indexOf(' ') + 1)
}

function labelOf(source: LabelSource): string {
  return `label ${source}`
}

function duplicate(what: string): SpeechError {
  return new SpeechError('FEEDBACK_DUPLICATE', what, { parameter: 'token' })
}
