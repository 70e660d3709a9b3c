/**
 * Feedback on answers: each answer is sent with a token, and feedback returns it with an event or with the words that
 * were said. The service stores no transcript, so the client sends it again, and the signed digest in the token proves
 * that it is the same. The texts are counted and not kept.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { SpeechError, type ErrorCode } from '../../domain/errors.js'
import { normalizeReference, normalizeText } from '../../domain/scoring/normalize.js'
import { alignWords, countErrors, totalErrors, type ErrorCounts } from '../../domain/scoring/word-errors.js'
import { factsOf } from '../../domain/report-facts.js'
import type { Report } from '../../domain/report.js'
import type { ConfidenceBin } from './calibration-test.js'
import { ConceptDriftMonitor, type ConceptDriftEstimates } from './concept-drift.js'
import { Duplicates } from './duplicates.js'
import type { FeedbackEvent, LabelSource, UnmatchedReason } from './events.js'
import { LruCounter } from './lru-counter.js'
import { checkText, MAX_WORDS, tooManyWords } from './text-limits.js'
import { digestOfTranscript, issueToken, readToken, tokenName, type AnswerFacts } from './token.js'

/** Attempts for a statement whose texts have too many words after normalization. */
const MAX_ATTEMPTS = 3

export interface FeedbackOptions {
  /** Undefined: a random secret, so that tokens are valid as long as this process runs. */
  readonly secret: string | undefined
  readonly expirySeconds: number
  /** Served models; feedback with tokens of other models is counted only. */
  readonly models: readonly string[]
  /** By model: errors by confidence of its baseline. */
  readonly confidenceToWer?: Readonly<Record<string, readonly ConfidenceBin[]>> | undefined
  readonly observer: FeedbackObserver
  /** Milliseconds, as Date.now. */
  readonly now?: () => number
}

/** Counts feedback. */
export interface FeedbackObserver {
  happened(model: string, event: FeedbackEvent, delaySeconds: number): void
  /** Rank of the opened hit, from 1. */
  clicked(rank: number): void
  labelled(model: string, source: LabelSource, counts: ErrorCounts): void
  unmatched(reason: UnmatchedReason): void
}

interface LabelTexts {
  /** What was said. */
  readonly reference: string
  /** What the service answered. */
  readonly transcript: string
}

export interface Label extends LabelTexts {
  readonly source: LabelSource
  /** Identifies a user or place; labels of one session are correlated. */
  readonly session?: string | undefined
}

export interface Statement {
  readonly event: FeedbackEvent
  /** From the answer to the action of the user, by the client's clock. */
  readonly delaySeconds?: number | undefined
  /** Rank of the clicked hit, from 1. */
  readonly rank?: number | undefined
  /** The correction of the transcript by the user. */
  readonly correction?: LabelTexts | undefined
}

/** The content of a token, and the words and errors of the label. */
export interface LabelledFacts extends AnswerFacts {
  readonly label: { readonly words: number; readonly errors: number }
}

/** Errors of feedback that cannot be attributed to an answer. */
const UNMATCHED: Partial<Record<ErrorCode, UnmatchedReason>> = {
  TOKEN_INVALID: 'bad_token', TOKEN_EXPIRED: 'expired', FEEDBACK_DUPLICATE: 'duplicate', TRANSCRIPT_OTHER: 'other_text',
}

export class Feedback {
  readonly #options: FeedbackOptions
  readonly #secret: string
  readonly #now: () => number
  readonly #duplicates = new Duplicates()
  /** How often each statement had too many words. */
  readonly #refused = new LruCounter()
  readonly #monitors: ReadonlyMap<string, ConceptDriftMonitor>
  /** Key of the HMAC that sessions are identified by. */
  readonly #sessionKey = randomBytes(32)

  constructor(options: FeedbackOptions) {
    this.#options = options
    this.#secret = options.secret ?? randomBytes(32).toString('base64url')
    this.#now = options.now ?? Date.now
    this.#monitors = new Map(options.models.map((model) =>
      [model, new ConceptDriftMonitor(options.confidenceToWer?.[model])]))
  }

  /** Returns the token of an answer. */
  answered(report: Report, id: string): string {
    const { text, model, language, confidence } = report
    const { wordCount: words } = factsOf(report)
    if (confidence !== null) this.#monitors.get(model)?.answered(confidence, words)
    const issuedSeconds = Math.floor(this.#now() / 1000)
    const transcriptDigest = digestOfTranscript(text)
    return issueToken({ id, model, language, confidence, words, issuedSeconds, transcriptDigest }, this.#secret)
  }

  /** Throws TOKEN_INVALID, TOKEN_EXPIRED, FEEDBACK_DUPLICATE; with a correction also what `label` throws. */
  tell(token: string, { event, delaySeconds, rank, correction }: Statement): AnswerFacts {
    return this.#counting(() => {
      const facts = this.#read(token)
      const kinds = correction === undefined ? [event] : [event, labelOf('correction')]
      const statements = kinds.map((kind) => keyOf(token, kind))
      this.#refuseKnown(statements)
      const counts = correction === undefined ? undefined : this.#score(keyOf(token, event), facts, correction)
      this.#duplicates.remember(statements)
      // Never more than the age of the token, whatever the client's clock says.
      const ageSeconds = Math.max(0, this.#now() / 1000 - facts.issuedSeconds)
      this.#options.observer.happened(facts.model, event, Math.min(delaySeconds ?? ageSeconds, ageSeconds))
      if (rank !== undefined) this.#options.observer.clicked(rank)
      if (counts !== undefined) this.#options.observer.labelled(facts.model, 'correction', counts)
      return facts
    })
  }

  /**
   * Throws TOKEN_INVALID, TOKEN_EXPIRED, TRANSCRIPT_OTHER, FEEDBACK_DUPLICATE, and REQUEST_INVALID for texts of too
   * many words.
   */
  label(token: string, { source, session, ...texts }: Label): LabelledFacts {
    return this.#counting(() => {
      const facts = this.#read(token)
      const statement = keyOf(token, labelOf(source))
      this.#refuseKnown([statement])
      const counts = this.#score(statement, facts, texts)
      this.#duplicates.remember([statement])
      this.#options.observer.labelled(facts.model, source, counts)
      const sums = { words: counts.words, errors: totalErrors(counts) }
      if (source === 'random') {
        const scored = { ...sums, confidence: facts.confidence, session: this.#pseudonym(session) }
        this.#monitors.get(facts.model)?.labelled(scored)
      }
      return { ...facts, label: sums }
    })
  }

  /** By model. */
  estimates(): ReadonlyMap<string, ConceptDriftEstimates> {
    return new Map([...this.#monitors].map(([model, monitor]) => [model, monitor.estimates()]))
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
    if (this.#now() / 1000 > facts.issuedSeconds + expirySeconds) {
      throw new SpeechError('TOKEN_EXPIRED', `feedback is accepted for ${expirySeconds} s`, { parameter: 'token' })
    }
    return facts
  }

  /**
   * Called before the texts are compared, so that duplicates cost nothing. Statements are remembered after all checks,
   * so that a statement that was refused for another reason can be made again.
   */
  #refuseKnown(statements: readonly StatementKey[]): void {
    if (statements.some((statement) => this.#duplicates.knows(statement))) {
      throw duplicate(statements.map(kindOf).join(', '))
    }
  }

  /** Checks are in the order of their cost; the number of expensive attempts is limited. */
  #score(
    statement: StatementKey, { language, transcriptDigest }: AnswerFacts, { reference, transcript }: LabelTexts,
  ): ErrorCounts {
    checkText(transcript, 'transcript')
    if (digestOfTranscript(transcript) !== transcriptDigest) {
      throw new SpeechError('TRANSCRIPT_OTHER', undefined, { parameter: 'transcript' })
    }
    checkText(reference, 'reference')
    if (this.#refused.countOf(statement) >= MAX_ATTEMPTS) {
      throw duplicate(`${kindOf(statement)} was refused ${MAX_ATTEMPTS} times`)
    }
    const said = normalizeReference(reference, language)
    const recognized = normalizeText(transcript, language)
    const longest = Math.max(said.length, recognized.length)
    if (longest > MAX_WORDS) {
      this.#refused.add(statement)
      throw tooManyWords(longest, said.length === longest ? 'reference' : 'transcript')
    }
    return countErrors(alignWords(said, recognized))
  }

  #pseudonym(session: string | undefined): string | undefined {
    if (session === undefined) return undefined
    return createHmac('sha256', this.#sessionKey).update(session).digest('base64url').slice(0, 16)
  }
}

/** The name of a token, and what is stated with it. */
type StatementKey = `${string} ${string}`

function keyOf(token: string, kind: string): StatementKey {
  return `${tokenName(token)} ${kind}`
}

/** Without the token, for messages. */
function kindOf(statement: StatementKey): string {
  return statement.slice(statement.indexOf(' ') + 1)
}

function labelOf(source: LabelSource): string {
  return `label ${source}`
}

function duplicate(what: string): SpeechError {
  return new SpeechError('FEEDBACK_DUPLICATE', what, { parameter: 'token' })
}
