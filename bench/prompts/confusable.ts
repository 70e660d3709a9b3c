/**
 * Words of the development clips, each with one that sounds alike, and the ways in which an agent passes them on. The
 * doubtful forms are here too: two short parts look like a list, and so do three with a full stop.
 */

/** What is said, and what it is taken for. */
export const CONFUSABLE: ReadonlyMap<string, string> = new Map([
  'zero hero', 'one won', 'two too', 'three free', 'four for', 'five fine', 'six sick', 'seven heaven', 'eight ate',
  'nine mine', 'fourteen forty', 'yes guess', 'no know', 'on own', 'off of', 'up wow', 'down town', 'left leaf',
  'right write', 'go no', 'stop shop', 'bed bad', 'bird word', 'cat cap', 'dog dock', 'happy hobby', 'house mouse',
  'tree three', 'wow now', 'learn burn', 'follow hollow', 'forward foreword', 'backward backyard', 'visual vision',
  'sheila shield', 'marvin martin', 'press dress', 'message massage', 'conference confidence', 'please police',
  'password passport', 'letters leathers', 'pound found', 'call tall', 'b d', 'm n', 'f s', 'z c', 'j g', 'x s', 't d',
].map((pair) => pair.split(' ') as [string, string]))

export const TURNS: readonly ((word: string) => string)[] = [
  (word) => `We said ${word} before.`,
  (word) => `Okay, ${word}`,
  (word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}, John Smith`,
  (word) => `Monday, Boston, ${word}.`,
]

export interface Confusable { readonly said: string; readonly alike: string }

/** The first word of a reference that has one that sounds alike. */
export function confusableIn(reference: string): Confusable | undefined {
  const words = reference.toLowerCase().match(/[a-z']+/g) ?? []
  const said = words.find((word) => CONFUSABLE.has(word))
  return said === undefined ? undefined : { said, alike: CONFUSABLE.get(said)! }
}
