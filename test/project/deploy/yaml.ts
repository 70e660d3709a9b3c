/** YAML as the tests of deploy/ look at it: maps, lists, and scalars as the strings that they were written as. */
import { parse } from 'yaml'

export type Yaml = string | Yaml[] | { [key: string]: Yaml }
export type YamlMap = Record<string, Yaml>

/** Throws on what is not YAML, a key that is there twice among it. */
export function readYaml(text: string): Yaml {
  return parse(text, { schema: 'failsafe' }) as Yaml
}
