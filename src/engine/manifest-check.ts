/** The text of a model.json → a manifest, or an error that names every fault. */
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { SpeechError } from '../domain/errors.js'
import { DetectorSchema, ManifestSchema, type Bundle } from './manifest-schema.js'
import { isSourceFault, sourceFaults } from './manifest-source-schema.js'

const CHECKS = { recognition: Compile(ManifestSchema), 'speech-detection': Compile(DetectorSchema) }

/** Parses and checks the text of a model.json. Throws MODEL_INVALID naming every fault. */
export function parseManifest(text: string, where: string): Bundle {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new SpeechError('MODEL_INVALID', `${where} is not JSON (${String(cause)})`, { cause })
  }
  const isDetector = (value as { purpose?: unknown } | null)?.purpose === 'speech-detection'
  const completed = isDetector ? value : Value.Default(ManifestSchema, withNewNames(value))
  const check = CHECKS[isDetector ? 'speech-detection' : 'recognition']
  const ofSources = isObject(completed) ? sourceFaults(completed) : []
  if (check.Check(completed) && ofSources.length === 0) return completed
  const others = [...check.Errors(completed)].filter(({ instancePath }) => !isSourceFault(instancePath))
    .map((fault) => `${fault.instancePath || '/'} ${fault.message}`)
  const faults = [...ofSources, ...others]
  throw new SpeechError('MODEL_INVALID', `${where}: ${faults.slice(0, 5).join('; ')}`)
}

/** Manifests of earlier versions: `hearing` is now `padding` (domain/deprecations.ts), and `decoding` had one kind. */
function withNewNames(value: unknown): unknown {
  if (!isObject(value)) return value
  const { hearing, decoding, ...others } = value
  return {
    ...isObject(hearing) && {
      padding: {
        leadingSeconds: hearing.leadSeconds, trailingSeconds: hearing.trailSeconds, redecodeBelow: hearing.doubtBelow,
      },
    },
    ...others,
    decoding: isObject(decoding) ? { kind: 'encoder-decoder', ...decoding } : decoding,
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
