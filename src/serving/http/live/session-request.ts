/** What the protocols of live sessions share when they read what a client asks for. */
import type { RecognitionRequest } from '../../../domain/request.js'
import type { AppDependencies, ServedModel } from '../dependencies.js'
import { DEFAULT_ALTERNATIVES, searcherFor } from '../search/search.js'
import type { HintsHolder, PhraseHints } from '../transcription/phrase-hints.js'
import { completenessIn } from './completeness.js'
import type { SessionRequest } from './served-session.js'

/** Something that holds a catalogue. */
export interface Held<T> { readonly value: T; release(): void }

/** What `read` returns, with all that it holds; nothing is held where it throws. */
export function hold<T>(client: string, read: (holder: HintsHolder) => T): Held<T> {
  const releases: (() => void)[] = []
  const release = (): void => { for (const one of releases.splice(0)) one() }
  try {
    return { value: read({ client, whenDone: (one) => { releases.push(one) } }), release }
  } catch (thrown) {
    release()
    throw thrown
  }
}

interface Asked {
  readonly model: ServedModel
  readonly hints: PhraseHints | undefined
  /** For which results hits are wanted. */
  readonly hits: 'final' | 'partial' | undefined
  readonly limit: number | undefined
  /** Word times, where the model can give them. */
  readonly words: boolean
  readonly recognition:
    Partial<Pick<RecognitionRequest, 'language' | 'languages' | 'numbers' | 'tokenLogProbabilities'>>
}

/** Throws REQUEST_INVALID where nothing can answer a search. */
export function recognitionAndSearch(
  { model, hints, hits, limit, words, recognition }: Asked, dependencies: AppDependencies,
): Pick<SessionRequest, 'model' | 'maxUtteranceSeconds' | 'recognition' | 'phrases' | 'completenessOf' | 'search'> {
  const { config, pool } = dependencies
  const ask = hits === undefined ? undefined
    : searcherFor({ ...limit !== undefined && { limit } }, hints, dependencies)
  const isTimed = pool.models.some(({ name, timesWords }) => name === model.name && timesWords)
  return {
    model, maxUtteranceSeconds: config.liveUtteranceSeconds,
    recognition: { ...recognition, words: words && isTimed, nBest: ask === undefined ? 1 : DEFAULT_ALTERNATIVES },
    phrases: hints?.phrases,
    ...hints !== undefined && { completenessOf: completenessOf(hints) },
    ...ask !== undefined && { search: { ask, partials: hits === 'partial' } },
  }
}

/** Pauses have their usual length until the names are known, which takes a moment for phrases of the session. */
function completenessOf(hints: PhraseHints): SessionRequest['completenessOf'] {
  let searchable: Awaited<ReturnType<PhraseHints['searchable']>> | undefined
  // Why it cannot be had is told by the result that needs it.
  hints.searchable().then((ready) => { searchable = ready }, () => undefined)
  return (text) => searchable === undefined ? 'unknown' : completenessIn(searchable, text)
}
