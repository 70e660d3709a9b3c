/**
 * Old or broken spellings that models write → what people type today, one table per language. docs/spelling.md has the
 * same tables, and a test compares both. A language without a table gets the rules for marks and punctuation alone.
 *
 * The models learned from old books, so the entries are what the shipped models wrote for modern words, in recordings
 * and synthetic speech; a spelling that is right in some context is left alone there.
 */

export interface Respelling {
  /** One word, or several with single spaces, in lower case. */
  readonly from: string
  readonly to: string
  /** Left alone before, and after, these words. */
  readonly notBefore?: readonly string[]
  readonly notAfter?: readonly string[]
}

export interface SpellingTable {
  readonly respellings: readonly Respelling[]
  /** Initialisms as people write them; models may write only the first letter as a capital, or none. */
  readonly initialisms: readonly string[]
}

/** "any one of them", "pick any one": a number and not the pronoun. */
const NUMBER_BEFORE = 'of person thing item time day week month year place point side'.split(' ')
const NUMBER_AFTER = 'pick choose select take'.split(' ')

const ENGLISH: SpellingTable = {
  respellings: [
    { from: 'to-day', to: 'today' },
    { from: 'to-morrow', to: 'tomorrow' },
    { from: 'to-night', to: 'tonight' },
    { from: 'to night', to: 'tonight', notAfter: ['day', 'from', 'close'] },
    { from: 'good-by', to: 'goodbye' },
    { from: 'good-bye', to: 'goodbye' },
    { from: 'any one', to: 'anyone', notBefore: NUMBER_BEFORE, notAfter: NUMBER_AFTER },
    { from: 'every one', to: 'everyone', notBefore: NUMBER_BEFORE },
    { from: 'some one', to: 'someone', notBefore: NUMBER_BEFORE },
    { from: 'any body', to: 'anybody', notBefore: ['of', 'part', 'parts', 'type'] },
    { from: 'every body', to: 'everybody', notBefore: ['of', 'part', 'type'] },
    { from: 'some body', to: 'somebody', notBefore: ['of', 'part', 'parts'] },
    { from: 'any thing', to: 'anything' },
    { from: 'every thing', to: 'everything' },
    { from: 'any where', to: 'anywhere' },
    { from: 'every where', to: 'everywhere' },
    { from: 'what ever', to: 'whatever' },
    { from: 'near by', to: 'nearby', notBefore: ['a', 'an', 'my', 'the', 'this', 'that'] },
    { from: 'half-past', to: 'half past' },
    { from: 'per cent', to: 'percent' },
  ],
  initialisms: `TV DVD CD USB PDF ATM GPS BBC CNN NBA NFL NHL JFK UK USA FBI CIA PBX MGCP SMS URL HDMI LED LCD CEO NYC
    DJ`.split(/\s+/),
}

export const SPELLING_TABLES: Readonly<Record<string, SpellingTable>> = { en: ENGLISH }
