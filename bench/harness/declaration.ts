/**
 * The declaration of a bench: what it measures, what it needs, and its options. It is all that `--help` reads, so that
 * help opens no model and starts no service, and it is what reads the options of a run.
 */
import { describeOptions, parseOptions, type Options, type Values } from './options.js'
import type { Need } from './needs.js'

export interface Declaration<T extends Options> {
  readonly name: string
  /** One line, in the list of benches. */
  readonly says: string
  /** What it measures and judges. */
  readonly measures: string
  /** Rough time with the default options on two cores. */
  readonly takes: string
  readonly options: T
  /** What must be there for a run with these options; looked at before anything starts. */
  readonly needs: (given: Values<T>) => readonly Need[]
  /** What is left out where something is not there, or what a clone without recordings shows. */
  readonly without?: string
  /** Options that say where files lie, which is nobody else's business: neither printed nor written. */
  readonly unsaved?: readonly (keyof T)[]
}

/** Of any options. */
export type AnyDeclaration = Declaration<Options>

export function declareBench<T extends Options>(declaration: Declaration<T>): Declaration<T> {
  return declaration
}

/** The text of `npm run bench -- NAME --help`. */
export function helpOf<T extends Options>({ name, measures, takes, options, needs, without }: Declaration<T>): string {
  const needed = needs(parseOptions([], options)).map(({ says }) => says)
  return [
    `npm run bench -- ${name} [options]\n`, `${measures}\n`,
    ...needed.length === 0 ? [] : [`needs: ${needed.join('; ')}`],
    ...without === undefined ? [] : [`without: ${without}`],
    `takes: ${takes}\n`, 'options:', describeOptions(options),
    '\nexit code: 0 targets met, 1 missed, 2 wrong option, 77 skipped because a need is not met',
  ].map((line) => line.startsWith('  --') ? line : wrapped(line)).join('\n')
}

const COLUMNS = 100

/** At blanks, into lines of at most COLUMNS characters. */
function wrapped(text: string): string {
  return text.split('\n').map((line) => line.split(' ').reduce((lines, word) => {
    const column = lines.length - lines.lastIndexOf('\n')
    return lines === '' ? word : `${lines}${column + word.length > COLUMNS ? '\n' : ' '}${word}`
  }, '')).join('\n')
}
