/** Schemas of settings: the kinds of values that the table of settings has. */
import { Type } from 'typebox'

export type TextSchema = ReturnType<typeof Type.String>
type FlagSchema = ReturnType<typeof Type.Boolean>
type WholeSchema = ReturnType<typeof Type.Integer>
type RealSchema = ReturnType<typeof Type.Number>
/** How `domain/setting-values.ts` reads a text before its form is checked. */
interface Reading {
  /** Blanks around separators are left out. */
  readonly separator?: ','
  /** Read in lower case. */
  readonly ignoreCase?: true
}

export const text = (fallback: string, description: string): TextSchema =>
  Type.String({ default: fallback, description })
/** A text with a form. A message about a wrong one quotes `expected`, the form in words, and the example. */
export const matching = (
  pattern: string, fallback: string, description: string, expected: string, example: string, reading: Reading = {},
): TextSchema => Type.String({ default: fallback, pattern, description, expected, examples: [example], ...reading })
export const flag = (fallback: boolean, description: string): FlagSchema =>
  Type.Boolean({ default: fallback, description })
export const whole = (fallback: number, minimum: number, maximum: number, description: string): WholeSchema =>
  Type.Integer({ default: fallback, minimum, maximum, description })
export const real = (fallback: number, minimum: number, maximum: number, description: string): RealSchema =>
  Type.Number({ default: fallback, minimum, maximum, description })
export const choice = <Choice extends string>(choices: readonly Choice[], fallback: Choice, description: string) =>
  Type.Union(choices.map((one) => Type.Literal(one)), { default: fallback, description })
/** A secret, and the setting for the file that it may come from (`domain/secrets.ts`). */
export const secret = <Name extends string>(
  name: Name, description: string,
): Record<Name | `${Name}_FILE`, TextSchema> => ({
  [name]: text('', description),
  [`${name}_FILE`]: text('', `File that holds \`${name}\`, as orchestrators mount secrets; a line break at its end is `
    + 'ignored. Set one of the two.'),
}) as Record<Name | `${Name}_FILE`, TextSchema>
