/**
 * The log of the service on standard output: an object per line for programs, or lines for a person. A terminal is read
 * by a person, a pipe or a file by a program, unless EARSHOT_LOG_FORMAT says otherwise.
 */
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import type { PrettyOptions, PrettyStream } from 'pino-pretty'
import type { LogFormat } from '../domain/choices.js'

type Pretty = (options: PrettyOptions) => PrettyStream

/**
 * `isTerminal`: whether a person reads `destination`. Lines for a person need pino-pretty, which is loaded only for
 * them; where an installation lacks it, the log is JSON and says so.
 */
export async function openLogger(
  { logLevel, logFormat }: { readonly logLevel: string, readonly logFormat: LogFormat },
  isTerminal: boolean, destination?: DestinationStream, load: () => Promise<Pretty> = loadPretty,
): Promise<Logger> {
  const options = { level: logLevel, base: { service: 'earshot' }, timestamp: stdTimeFunctions.isoTime }
  const openJson = (): Logger => destination === undefined ? pino(options) : pino(options, destination)
  if (logFormat === 'json' || (logFormat === 'auto' && !isTerminal)) return openJson()
  const pretty = await load().catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw cause
  })
  if (pretty === undefined) {
    const logger = openJson()
    logger.warn('pino-pretty is not installed, so the log is JSON')
    return logger
  }
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

async function loadPretty(): Promise<Pretty> {
  return (await import('pino-pretty')).default
}
