/**
 * The stages of a request in groups, few enough to have distinct colours. `receive` is left out: it depends on the
 * network of the client, and latency is measured from the last byte. A test compares this with the list of all stages.
 */

/** @type {readonly { readonly name: string, readonly stages: readonly string[] }[]} */
export const STAGE_GROUPS = [
  { name: 'waiting', stages: ['queue_wait'] },
  { name: 'transfer', stages: ['transfer'] },
  { name: 'audio', stages: ['audio_decode', 'measure', 'resample', 'trim', 'normalize'] },
  { name: 'speech detection', stages: ['features', 'detect'] },
  { name: 'model', stages: ['model_features', 'encoder', 'decoder', 'model'] },
  { name: 'text', stages: ['align', 'postprocess'] },
]
