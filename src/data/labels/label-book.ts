/**
 * The labels of a file while people label: what each of them said about each clip, in memory, and the file that every
 * new label is appended to. One process writes a file.
 */
import { existsSync } from 'node:fs'
import { SpeechError } from '../../domain/errors.js'
import { appendLabels, labelsThatCount, readLabelFile, type Label } from './label-file.js'

/** Some 60 MB of memory. */
const MOST_LABELS = 200_000

export class LabelBook {
  readonly #file: string
  /** Clip → author → the label that counts. */
  readonly #labels = new Map<string, Map<string, Label>>()
  #count = 0
  /** Labels are written one after the other: two at a time could tear each other's line. */
  #written: Promise<void> = Promise.resolve()

  private constructor(file: string) {
    this.#file = file
  }

  /** A file that is not there yet is made at the first label. Throws CLIPS_INVALID. */
  static async open(file: string): Promise<LabelBook> {
    const book = new LabelBook(file)
    const { labels } = existsSync(file) ? await readLabelFile(file) : { labels: [] }
    for (const label of labelsThatCount(labels)) book.#remember(label)
    if (book.#count > MOST_LABELS) throw new SpeechError('CLIPS_INVALID', `${file} has more than ${MOST_LABELS} labels`)
    return book
  }

  /** Of all authors, those who skipped it included. */
  labelsOf(clip: string): readonly Label[] {
    return [...this.#labels.get(clip)?.values() ?? []]
  }

  labelOf(clip: string, author: string): Label | undefined {
    return this.#labels.get(clip)?.get(author)
  }

  /**
   * Resolves when the label is on the disk. Throws CLIPS_INVALID for what is no label, or when the file is full;
   * rejects with the error of the file system, and then the label does not count.
   */
  async add(label: Label): Promise<void> {
    if (this.#count >= MOST_LABELS) {
      throw new SpeechError('CLIPS_INVALID', `the label file has ${MOST_LABELS} labels; begin another one`)
    }
    const written = this.#written.then(() => appendLabels(this.#file, [label]))
    this.#written = written.catch(() => undefined) // this label's caller learns of it; the next label is tried again
    await written
    this.#remember(label)
  }

  #remember(label: Label): void {
    const byAuthor = this.#labels.get(label.clip) ?? new Map<string, Label>()
    this.#labels.set(label.clip, byAuthor)
    if (!byAuthor.has(label.author)) this.#count++
    byAuthor.set(label.author, label)
  }
}
