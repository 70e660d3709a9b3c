/**
 * The log of the service on standard output: an object per line for programs, or lines for a person. A terminal is read
 * by a person, a pipe or a file by a program, unless EARSHOT_LOG_FORMAT says otherwise.
 */
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { LogFormat } from '../domain/choices.js'

/** `isTerminal`: whether a person reads `destination`. */
export function openLogger(
  { logLevel, logFormat }: { readonly logLevel: string, readonly logFormat: LogFormat },
  isTerminal: boolean, destination?: DestinationStream,
): Logger {
  const options = { level: logLevel, base: { service: 'earshot' }, timestamp: stdTimeFunctions.isoTime }
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && isTerminal)
  if (!isPretty) return destination === undefined ? pino(options) : pino(options, destination)
  const stream = pretty({
    destination: destination ?? 1,
    // Lines in order with those of standard error, and none lost at the end of the process.
    sync: true,
    colorize: isTerminal && (process.env.NO_COLOR ?? '') === '',
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,service',
    singleLine: true,
  })
  return pino(options, stream)
}
