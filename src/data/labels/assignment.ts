/**
 * Who labels which clip next. Each clip gets one labeller, and a share of them two, who do not see each other's label:
 * their agreement says how far labels can be trusted. Which clips these are depends on the clip alone, so that nobody
 * can tell while labelling, and a restart changes nothing.
 */
import { createHash } from 'node:crypto'
import type { Label } from './label-file.js'

/** A clip that was drawn for two labellers or not. */
export interface Drawn {
  /** `drawOf` its name. */
  readonly draw: number
}

export interface AssignmentRules {
  /** Share of the clips that two people label, in [0, 1]. */
  readonly secondShare: number
}

/** How far the labelling of a selection is. */
export interface LabellingProgress {
  readonly clips: number
  /** With the label of at least one person, unsure ones included. */
  readonly labelled: number
  /** Of the author. */
  readonly yours: number
  /** Two people labelled them. */
  readonly labelledTwice: number
  /** What this author can still get. */
  readonly leftForYou: number
}

export type LabelsOf = (clip: string) => readonly Label[]

/** Whether the author may label the clip now. A clip that somebody skipped is open to others. */
export function isOpenTo(clip: Drawn, author: string, labels: readonly Label[], rules: AssignmentRules): boolean {
  if (labels.some((label) => label.author === author)) return false
  const given = labels.filter(({ state }) => state !== 'skipped')
  return given.length === 0 || (given.length === 1 && needsTwo(clip, given, rules))
}

/** Whether the clip gets two labels: it was drawn for that, or the first labeller was unsure. */
export function needsTwo(
  clip: Drawn, labels: readonly Pick<Label, 'state'>[], { secondShare }: AssignmentRules,
): boolean {
  return labels.some(({ state }) => state === 'unsure') || clip.draw < secondShare
}

export function progressOf(
  clips: readonly (Drawn & { readonly id: string })[], author: string, labelsOf: LabelsOf, rules: AssignmentRules,
): LabellingProgress {
  const progress = { clips: clips.length, labelled: 0, yours: 0, labelledTwice: 0, leftForYou: 0 }
  for (const clip of clips) {
    const labels = labelsOf(clip.id)
    const given = labels.filter(({ state }) => state !== 'skipped')
    if (given.length > 0) progress.labelled++
    if (given.length > 1) progress.labelledTwice++
    if (given.some((label) => label.author === author)) progress.yours++
    if (isOpenTo(clip, author, labels, rules)) progress.leftForYou++
  }
  return progress
}

/** Of the name of a clip, a number in [0, 1) that looks random and is the same each time. */
export function drawOf(clip: string): number {
  return createHash('sha256').update(clip).digest().readUInt32BE() / 2 ** 32
}
