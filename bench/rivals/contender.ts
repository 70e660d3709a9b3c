/** Who takes part, and the processes in which they do. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CONTENDER_NAMES } from '../declarations/recognition.js'
import { Skipped } from '../harness/endings.js'
import { NotHere, type Setup } from './adapter.js'
import type { Answer, HeardText, Order } from './child.js'

export type ContenderName = (typeof CONTENDER_NAMES)[number]

/** By the name that is printed; the file in this folder. */
export const CONTENDERS = {
  'earshot': 'earshot', 'earshot reference': 'earshot-reference', 'earshot pipeline': 'earshot-pipeline',
  'transformers.js': 'transformers', 'sherpa-onnx': 'sherpa', 
} as const satisfies Readonly<Record<ContenderName, string>>

export const OURS: readonly ContenderName[] = ['earshot', 'earshot reference', 'earshot pipeline']

export interface Contender {
  readonly name: ContenderName
  readonly says: string
  readonly loadMs: number
  /** One waveform at a time. */
  recognize(samples: Float32Array): Promise<HeardText>
  stop(): void
}

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))
const MAX_NOISE_CHARACTERS = 2000

/** A process that is ready. Throws NotHere when the contender cannot take part. */
export async function startContender(name: ContenderName, setup: Omit<Setup, 'adapter'>): Promise<Contender> {
  const child = fork(CHILD, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const noise = keepTail(child)
  // It ends when nobody is connected any more, and removes what it wrote; so it does when this process dies.
  const stop = (): void => { if (child.connected) child.disconnect() }
  try {
    const answer = await order(child, { kind: 'open', setup: { ...setup, adapter: CONTENDERS[name] } }, noise)
    if (answer.kind !== 'ready') throw new Error('it was asked to open and answered something else')
    const { says, loadMs } = answer
    return { name, says, loadMs, stop, recognize: async (samples) =>
      await order(child, { kind: 'recognize', samples }, noise) as HeardText }
  } catch (thrown) {
    stop()
    throw thrown
  }
}

/** Those of some that are there; of the others it is said why they are not, or that their installation is broken. */
export async function startContenders(
  names: readonly ContenderName[], setup: Omit<Setup, 'adapter'>,
): Promise<Contender[]> {
  const contenders: Contender[] = []
  for (const name of names) {
    try {
      contenders.push(await startContender(name, setup))
    } catch (thrown) {
      if (OURS.includes(name) && !(thrown instanceof NotHere)) throw thrown
      console.log(
        `without ${name}: ${thrown instanceof NotHere ? '' : 'it does not start, '}` +
          (thrown as Error).message.trim().split('\n')[0],
      )
    }
  }
  console.log()
  const rivals = names.filter((name) => !OURS.includes(name))
  if (rivals.length > 0 && contenders.every(({ name }) => OURS.includes(name))) {
    for (const contender of contenders) contender.stop()
    throw new Skipped(`no rival is here (${rivals.join(', ')}): install one in a folder, as docs/benchmarks/speed.md `
      + 'says, and name the folder with --from; --contenders earshot measures this project alone')
  }
  return contenders
}

function order(child: ChildProcess, message: Order, noise: () => string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (): void => { reject(new Error(`the process of a contender ended:\n${noise()}`)) }
    child.once('exit', ended)
    child.once('message', (answer: Answer) => {
      child.off('exit', ended)
      if (answer.kind === 'not here') reject(new NotHere(answer.why))
      else if (answer.kind === 'failed') reject(new Error(`${answer.why}\n${noise()}`))
      else resolve(answer)
    })
    child.send(message)
  })
}

function keepTail(child: ChildProcess): () => string {
  let tail = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => { tail = (tail + text).slice(-MAX_NOISE_CHARACTERS) })
  return () => tail
}
