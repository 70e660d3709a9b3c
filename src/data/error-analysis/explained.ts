/** A clip with everything that is known about its errors; how often each cause is found, and what each change does. */
import { scored } from '../scored.js'
import {
  CAUSE_NAMES, CAUSES, explainPlaces, VARIANTS, type Cause, type Evidence, type ExplainedPlace, type ExplainOptions,
  type Variant,
} from './causes.js'
import type { ObservedClip } from './clip.js'
import { sum } from '../statistics/sum.js'

export interface ExplainedClip extends ObservedClip {
  readonly evidence: Evidence
  /** Empty for a right clip. */
  readonly places: readonly ExplainedPlace[]
  /** Of the reference; null without one. */
  readonly referenceErrors: number | null
}

export interface CauseCount {
  readonly cause: Cause
  readonly test: string
  readonly places: number
  readonly clips: number
  readonly errors: number
  /** Of all errors, weighted. */
  readonly shareOfErrors: number
  /** Places of other causes in which this test holds too. */
  readonly also: number
}

/** What one changed setting does to all clips, by those that ran with it. */
export interface VariantEffect {
  readonly variant: Variant
  /** Wrong clips that ran with it: errors before and after. */
  readonly wrongClips: number
  readonly errorsBefore: number
  readonly errorsAfter: number
  /** Right clips that were drawn as a control, how many became wrong, and by how many errors. */
  readonly rightClips: number
  readonly broken: number
  readonly newErrors: number
}

export function explainClip(clip: ObservedClip, evidence: Evidence, options: ExplainOptions): ExplainedClip {
  const { reference } = evidence
  return {
    ...clip, evidence, places: explainPlaces(clip, evidence, options),
    referenceErrors: reference === null ? null : errorsOf(clip, reference, options.language),
  }
}

/** The clips that the reference has, with its errors. */
export function comparedWith(clips: readonly ExplainedClip[]): ExplainedClip[] {
  return clips.flatMap((clip) => clip.referenceErrors === null ? [] : [{ ...clip, errors: clip.referenceErrors }])
}

export function errorsOf({ reference }: Pick<ObservedClip, 'reference'>, transcript: string, language: string): number {
  return scored(reference, transcript, language).errors
}

export function countCauses(clips: readonly ExplainedClip[]): CauseCount[] {
  const all = sum(clips, ({ weight, errors }) => weight * errors)
  const places = clips.flatMap((clip) => clip.places.map((place) => ({ clip, place })))
  return CAUSE_NAMES.map((cause) => {
    const own = places.filter(({ place }) => place.cause === cause)
    return {
      cause, test: CAUSES[cause], places: own.length, clips: new Set(own.map(({ clip }) => clip.clip)).size,
      errors: sum(own, ({ place }) => place.errors),
      shareOfErrors: all === 0 ? 0 : sum(own, ({ clip, place }) => clip.weight * place.errors) / all,
      also: places.filter(({ place }) => place.also.includes(cause)).length,
    }
  }).filter((one) => one.places > 0 || one.also > 0)
}

export function variantEffects(clips: readonly ExplainedClip[], language: string): VariantEffect[] {
  return VARIANTS.flatMap((variant) => {
    const ran = clips.flatMap((clip) => {
      const text = clip.evidence.variants[variant]
      return text === undefined ? [] : [{ clip, after: errorsOf(clip, text, language) }]
    })
    if (ran.length === 0) return []
    const wrong = ran.filter(({ clip }) => clip.errors > 0)
    const right = ran.filter(({ clip }) => clip.errors === 0)
    return [{
      variant, wrongClips: wrong.length, errorsBefore: sum(wrong, ({ clip }) => clip.errors),
      errorsAfter: sum(wrong, ({ after }) => after), rightClips: right.length,
      broken: right.filter(({ after }) => after > 0).length, newErrors: sum(right, ({ after }) => after),
    }]
  })
}
