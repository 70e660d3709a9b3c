/** Labelling as the page /label needs it: which clip is next, what may be said in it, and where labels go. */
import type { Config } from '../../config.js'
import type { CollectedClips, Selection } from '../../data/collection/collected-clip.js'
import { isOpenTo, needsTwo, progressOf, type LabellingProgress } from '../../data/labels/assignment.js'
import {
  collectedClips, manifestClips, type ClipAudio, type ClipsToLabel, type ClipToLabel,
} from '../../data/labels/clips-to-label.js'
import { warningsOf, type Guide, type LabelWarning } from '../../data/labels/guide.js'
import { LabelBook } from '../../data/labels/label-book.js'
import type { Label } from '../../data/labels/label-file.js'
import { SpeechError } from '../../domain/errors.js'
import { readGuideFile } from './guide-file.js'

export interface LabellingOptions {
  readonly clips: ClipsToLabel
  readonly labelFile: string
  readonly guideFile: string
  /** Share of the clips that two people label, in [0, 1]. */
  readonly secondShare: number
  /** Milliseconds, as Date.now. */
  readonly now?: () => number
}

/** What a labeller says about a clip. */
export type Said = Pick<Label, 'clip' | 'text' | 'author' | 'tags' | 'state'>

type LabelSettings =
  Pick<Config, 'labelFile' | 'labelClips' | 'labelGuide' | 'labelTwice' | 'maxUploadBytes'>

/** A clip that was handed out is kept from others for this time. */
const HANDED_OUT_MS = 10 * 60_000
/** Far more than people who label at a time have. */
const MOST_HANDED_OUT = 1_000

interface HandedOut { readonly author: string; readonly until: number }

export class Labelling {
  readonly guide: Guide
  readonly #clips: ClipsToLabel
  readonly #book: LabelBook
  readonly #rules: { readonly secondShare: number }
  readonly #now: () => number
  /** Clip → who has it on the screen; the oldest first. */
  readonly #handedOut = new Map<string, HandedOut>()

  private constructor({ clips, guideFile, secondShare, now = Date.now }: LabellingOptions, book: LabelBook) {
    this.guide = readGuideFile(guideFile)
    this.#clips = clips
    this.#book = book
    this.#rules = { secondShare }
    this.#now = now
  }

  /** Throws CLIPS_INVALID for a guide or a label file that cannot be used. */
  static async open(options: LabellingOptions): Promise<Labelling> {
    return new Labelling(options, await LabelBook.open(options.labelFile))
  }

  /** The next clip for this author, besides those on the author's screen; undefined where nothing is left. */
  async next(
    author: string, selection: Selection, onScreen: readonly string[],
  ): Promise<{ clip: ClipToLabel | undefined; progress: LabellingProgress }> {
    const clips = await this.select(selection)
    const clip = clips.find((one) => !onScreen.includes(one.id) && !this.#isWithAnother(one.id, author)
      && isOpenTo(one, author, this.#book.labelsOf(one.id), this.#rules))
    if (clip !== undefined) this.#handOut(clip.id, author)
    const labelsOf = (id: string): readonly Label[] => this.#book.labelsOf(id)
    return { clip, progress: progressOf(clips, author, labelsOf, this.#rules) }
  }

  select(selection: Selection): Promise<readonly ClipToLabel[]> {
    return reading(this.#clips.select(selection))
  }

  /** Throws CLIP_NOT_FOUND. */
  async find(id: string): Promise<ClipToLabel> {
    return await reading(this.#clips.find(id)) ?? notFound(id)
  }

  /** Throws CLIP_NOT_FOUND, also for a clip that was deleted. */
  async audio(id: string): Promise<ClipAudio> {
    return await reading(this.#clips.audio(id)) ?? notFound(id)
  }

  labelsOf(id: string): readonly Label[] {
    return this.#book.labelsOf(id)
  }

  /** What this author said about the clip last. */
  labelOf(id: string, author: string): Label | undefined {
    return this.#book.labelOf(id, author)
  }

  warnings(text: string): LabelWarning[] {
    return warningsOf(text, this.guide)
  }

  /**
   * Resolves when it is on the disk. Throws REQUEST_INVALID for a label that contradicts itself, CLIP_NOT_FOUND, and
   * CLIPS_INVALID when the file is full.
   */
  async add(said: Said): Promise<Label> {
    checkText(said)
    const clip = await this.find(said.clip)
    const labels = this.#book.labelsOf(said.clip)
    const others = labels.filter(({ author }) => author !== said.author)
    const secondOpinion = needsTwo(clip, [...others, said], this.#rules)
    const label = { ...said, time: new Date(this.#now()).toISOString(), secondOpinion }
    await this.#book.add(label)
    if (this.#handedOut.get(said.clip)?.author === said.author) this.#handedOut.delete(said.clip)
    return label
  }

  #isWithAnother(id: string, author: string): boolean {
    const holder = this.#handedOut.get(id)
    return holder !== undefined && holder.author !== author && holder.until > this.#now()
  }

  #handOut(id: string, author: string): void {
    this.#handedOut.delete(id)
    this.#handedOut.set(id, { author, until: this.#now() + HANDED_OUT_MS })
    const [oldest] = this.#handedOut.keys()
    if (this.#handedOut.size > MOST_HANDED_OUT && oldest !== undefined) this.#handedOut.delete(oldest)
  }
}

/**
 * Undefined where no label file is configured. Throws CONFIG_INVALID without clips, CLIPS_INVALID for a guide, a
 * manifest or a label file that cannot be used.
 */
export async function openLabelling(
  { labelFile, labelClips, labelGuide: guideFile, labelTwice: secondShare, maxUploadBytes }: LabelSettings,
  collected: CollectedClips | undefined,
): Promise<Labelling | undefined> {
  if (labelFile === undefined) return undefined
  if (labelClips === undefined && collected === undefined) {
    const detail = 'EARSHOT_LABEL_FILE needs clips: set EARSHOT_LABEL_CLIPS to a manifest, or collect some'
    throw new SpeechError('CONFIG_INVALID', detail)
  }
  const clips = labelClips === undefined ? collectedClips(collected!) : manifestClips(labelClips, maxUploadBytes)
  return Labelling.open({ clips, labelFile, guideFile, secondShare })
}

/** Throws COLLECTION_UNAVAILABLE where the store of the clips fails. */
async function reading<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof SpeechError) throw cause
    throw new SpeechError('COLLECTION_UNAVAILABLE', undefined, { cause })
  }
}

const NOT_SPEECH = 'not speech'

/** An empty text must be meant, and the tag that says so excludes a text. */
function checkText({ text, tags, state }: Said): void {
  if (state === 'skipped') return
  const isSilent = tags.includes(NOT_SPEECH)
  if ((text.trim() === '') === isSilent) return
  const detail = isSilent
    ? `a clip with the tag "${NOT_SPEECH}" has no text`
    : `an empty text needs the tag "${NOT_SPEECH}"`
  throw new SpeechError('REQUEST_INVALID', detail, { parameter: 'text' })
}

function notFound(id: string): never {
  throw new SpeechError('CLIP_NOT_FOUND', `"${id.slice(0, 100)}"`, { parameter: 'id' })
}
