/** Recordings as streams need them: 16-bit mono samples at one rate, with what the service says of each file. */
import { readFile } from 'node:fs/promises'
import type http from 'node:http'
import { ask, keepAliveAgent } from '../../fixtures/kit/exchange.js'
import type { Server } from '../../fixtures/kit/server.js'
import { writeMono } from '../../fixtures/kit/pcm.js'
import { decodeAudio } from '../../src/audio/decode.js'
import { resample } from '../../src/audio/signal/resample.js'
import type { TimeSpan } from '../../src/domain/audio.js'
import type { Word } from '../../src/domain/words.js'
import { requireMeasured } from '../harness/endings.js'
import { startProgress } from '../harness/progress.js'
import type { SpeechClip } from '../harness/clips.js'

/** Hz. */
export const SAMPLE_RATE = 16_000

export interface Recording {
  readonly clip: SpeechClip
  readonly samples: Float32Array
  /** Text of the file as it was posted whole. */
  readonly text: string
  /** From the first to the last speech, by the report of the file. */
  readonly speech: TimeSpan
  /** Empty unless asked for. */
  readonly words: readonly Word[]
}

/** Posts every clip whole, one after the other, to the service that is measured. */
export async function postWhole(server: Server, clips: readonly SpeechClip[], words = false): Promise<Recording[]> {
  const agent = keepAliveAgent()
  const progress = startProgress('clips posted', clips.length)
  const recordings: Recording[] = []
  try {
    for (const clip of clips) {
      const { waveform } = await decodeAudio(await readFile(clip.file), { maxSeconds: 300 })
      const { samples } = resample(waveform, SAMPLE_RATE)
      recordings.push({ clip, samples, ...await post(server, samples, agent, words) })
      progress.step()
    }
  } finally {
    agent.destroy()
  }
  requireMeasured({ recordings: recordings.length })
  return recordings
}

interface Answer {
  readonly text: string
  readonly segments: readonly { readonly words?: readonly Word[] }[]
  readonly input: {
    readonly audioSeconds: number
    readonly leadingSilenceSeconds: number | null
    readonly trailingSilenceSeconds: number | null
  }
}

/** What the service says of samples as a WAV file. */
export async function post(
  { url }: Server, samples: Float32Array, agent: http.Agent, words = false,
): Promise<Pick<Recording, 'text' | 'speech' | 'words'>> {
  const body = writeMono({ samples, sampleRate: SAMPLE_RATE })
  const { status, body: answer } = await ask(`${url}/v1/transcriptions?words=${words}`, { method: 'POST', body, agent })
  if (status !== 200) throw new Error(`a clip was answered with ${status}: ${answer.slice(0, 500)}`)
  const { text, segments, input } = JSON.parse(answer) as Answer
  return {
    text, words: segments.flatMap((segment) => segment.words ?? []),
    speech: {
      startSeconds: input.leadingSilenceSeconds ?? 0,
      endSeconds: input.audioSeconds - (input.trailingSilenceSeconds ?? 0),
    },
  }
}
