/** A label → its written words: what stands between blanks, without the punctuation around it, and noise marks. */

export interface LabelToken {
  /** As written. */
  readonly raw: string
  /** Without the punctuation around it; a symbol that stands alone is kept. */
  readonly core: string
  /** In lower case with straight apostrophes. */
  readonly lower: string
  /** Punctuation behind it. */
  readonly trailing: string
  readonly isMark: boolean
}

/** Names in round brackets or between asterisks that are a noise mark; other brackets always are. */
const MARK_NAMES = 'noise|laugh\\w*|cough\\w*|breath\\w*|music|unintelligible|inaudible|indistinct|unclear|silence'
  + '|cross-?talk|sigh\\w*|sneez\\w*|applause|background[^)*]*'
const TOKEN = new RegExp(
  `\\[[^[\\]]*\\]|<[^<>]*>|\\{[^{}]*\\}|\\((?:${MARK_NAMES})\\)|\\*(?:${MARK_NAMES})\\*|[^\\s[<{]+`, 'giu')
const MARK = new RegExp(`^(?:\\[.*\\]|<.*>|\\{.*\\}|\\((?:${MARK_NAMES})\\)|\\*(?:${MARK_NAMES})\\*)$`, 'iu')
const WORD = /^[^\p{L}\p{N}$£€#@%&+=*]*(.*?)([^\p{L}\p{M}\p{N}%*#]*)$/u

export function labelTokens(label: string): LabelToken[] {
  return (label.normalize('NFC').match(TOKEN) ?? []).map(asToken)
}

function asToken(raw: string): LabelToken {
  if (MARK.test(raw)) return { raw, core: raw, lower: raw.toLowerCase(), trailing: '', isMark: true }
  const [, core = '', trailing = ''] = WORD.exec(raw) ?? []
  return { raw, core, lower: withStraightApostrophes(core).toLowerCase(), trailing, isMark: false }
}

export function withStraightApostrophes(text: string): string {
  return text.replace(/[‘’ʼ`´]/g, '\'')
}
