/** Types of earshot-client.js. docs/live-page.md explains the module. */

export interface EarshotOptions {
  /** Of the service, with a path prefix if it has one: `https://speech.example/`. */
  readonly url: string
  /** An access key with the scope `transcribe`. Everybody who sees the page can read it. */
  readonly key?: string
  /** Default: the first model of the service. */
  readonly model?: string
  /** BCP 47, such as `de`. */
  readonly language?: string
  /** Words and names to expect; hits come from them where no catalogue is named. */
  readonly phrases?: readonly string[]
  readonly catalogue?: string
  /** Hits with final results alone, or with partial ones too. */
  readonly hits?: 'final' | 'partial'
  /** Most hits. */
  readonly limit?: number
  /** How long a pause ends an utterance; default: `balanced`. */
  readonly endpointing?: 'fast' | 'balanced' | 'patient'
}

export interface EarshotHit {
  readonly id: string
  readonly name: string | null
  readonly score: number | null
  readonly why: readonly string[]
  readonly inText: string | null
  readonly tags: readonly string[]
}

export interface EarshotFound {
  readonly outcome: string
  /** Best first; null when an external search engine failed. */
  readonly hits: readonly EarshotHit[] | null
  readonly didYouMean: readonly EarshotHit[]
  readonly reason: string | null
}

/** The report of an utterance, as docs/api.md describes it; times are seconds of the utterance. */
export interface EarshotReport {
  readonly text: string
  readonly confidence: number | null
  readonly noSpeechReason: string | null
  readonly warnings: readonly string[]
  readonly segments: readonly {
    readonly startSeconds: number
    readonly endSeconds: number
    readonly text: string
    readonly words: readonly {
      readonly text: string
      readonly startSeconds: number
      readonly endSeconds: number
      readonly confidence: number
    }[] | null
  }[]
  readonly input: {
    readonly audioSeconds: number
    readonly trimmedLeadingSeconds: number
    readonly trimmedTrailingSeconds: number
  }
  readonly seconds: Readonly<Record<string, number>>
  readonly [field: string]: unknown
}

/** Times are seconds since the start of the audio, unless something else is said. */
export interface EarshotEvents {
  readonly speechstart: { readonly item: string; readonly atSeconds: number }
  /** Stable words of an item never change; unstable ones may. */
  readonly partial: {
    readonly item: string
    readonly stable: string
    readonly unstable: string
    readonly found: EarshotFound | null
  }
  /** The end was detected; the final result follows. */
  readonly speechstop: { readonly item: string; readonly atSeconds: number }
  readonly final: {
    readonly item: string
    readonly text: string
    readonly found: EarshotFound | null
    readonly report: EarshotReport
    readonly reason: 'pause' | 'complete' | 'committed' | 'max_length' | 'end_of_stream'
    /** The silence that ended the utterance; 0 where none did. */
    readonly pauseSeconds: number
    /** From the last speech, or from `stop`, to this event; null for files and for utterances that were cut. */
    readonly latencySeconds: number | null
    readonly startSeconds: number
    readonly endSeconds: number
  }
  /** A block of 40 ms: its level from 0 to 1, and its samples. */
  readonly level: {
    readonly rms: number
    readonly samples: Float32Array
    readonly rate: number
    readonly atSeconds: number
  }
  /** The session goes on, unless `close` follows. */
  readonly error: EarshotError
  /** Code of the WebSocket; 4000: the client gave up. */
  readonly close: { readonly code: number; readonly reason: string }
}

/** `code`: of the service (docs/errors.md), or one of docs/live-page.md. */
export interface EarshotError extends Error { readonly code: string }

/** One recording: a microphone from `listen` to `stop`, or a file. */
export declare class EarshotSession {
  constructor(options: EarshotOptions)
  on<Type extends keyof EarshotEvents>(type: Type, listener: (detail: EarshotEvents[Type]) => void): this
  /** Turns the microphone on. Rejects with MICROPHONE_REFUSED, also where a page has neither https nor localhost. */
  listen(): Promise<void>
  /** Streams a file faster than it plays. Resolves after the last result; rejects with FILE_UNREADABLE. */
  send(file: Blob | ArrayBuffer): Promise<void>
  /** Turns the microphone off. Resolves after the last result. */
  stop(): Promise<void>
  /** Ends at once; no result follows. */
  close(): void
}
