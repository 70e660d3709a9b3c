/**
 * Sends phrase lists to one worker, in parts: each when the one before is written and other events have been handled.
 * So jobs overtake a long list.
 */
import type { ChildProcess } from 'node:child_process'
import { partsOf } from '../../domain/list-parts.js'
import type { PhraseList } from '../../domain/phrases.js'
import type { ToWorker } from '../../domain/worker-protocol.js'

export class ListSender {
  readonly #child: ChildProcess | undefined
  /** What is still to be sent, one after the other. */
  readonly #messages: Iterator<ToWorker, undefined>[] = []
  #isSending = false

  constructor(child: ChildProcess | undefined) {
    this.#child = child
  }

  give(list: PhraseList): void {
    this.#add(messagesOf(list))
  }

  forget(id: string): void {
    this.#add([{ kind: 'forget', id } as const].values())
  }

  #add(messages: Iterator<ToWorker, undefined>): void {
    this.#messages.push(messages)
    if (!this.#isSending) void this.#send()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    for (let messages = this.#messages[0]; messages !== undefined; messages = this.#messages[0]) {
      const { done, value: message } = messages.next()
      const child = this.#child
      if (done || !child?.connected) this.#messages.shift()
      else if (message.kind === 'phrases' && message.more) {
        await new Promise((resolve) => { child.send(message, resolve) })
        await new Promise((resolve) => { setImmediate(resolve) })
      } else child.send(message, () => undefined) // a process that has just died is reported by its exit
    }
    this.#isSending = false
  }
}

function* messagesOf(list: PhraseList): Generator<ToWorker, undefined> {
  for (const part of partsOf(list)) yield { kind: 'phrases', ...part }
}
