/** What a person at the terminal is told when the service is ready. */
import type { Config } from '../config.js'
import { isLoopback } from './http/browsers/hosts.js'

/**
 * For the person at the terminal, on standard error: standard output has the log alone. `warning`: for a service that
 * anyone may use.
 */
export function welcome(address: string, config: Config, warning: string): void {
  if (process.stderr.isTTY) process.stderr.write(firstSteps(address, config))
  // Not only on a terminal: it must not be missed among the lines of a log.
  if (config.keysFile === undefined && !isLoopback(config.host)) process.stderr.write(`WARNING: ${warning}\n\n`)
}

function firstSteps(address: string, { warmUpClip, keysFile, models, cascadeModel }: Config): string {
  const key = keysFile === undefined ? '' : '-H "Authorization: Bearer $KEY" '
  const command = `curl ${key}--data-binary '@${warmUpClip}' ${address}/v1/transcriptions`
  const larger = cascadeModel === undefined ? '' : `, and ${cascadeModel} where it is unsure`
  const [first = '', ...others] = models
  const served = others.length === 0 ? '' : ` (${others.join(', ')} by name)`
  return `\nEarshot listens on ${address} with ${first}${larger}${served}; try\n\n  ${command}\n\n`
    + `The API is at ${address}/docs. Ctrl-C ends the service.\n\n`
}
