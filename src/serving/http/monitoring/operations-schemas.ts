/** Schemas of the answers for probes, as TypeBox. */
import { Type } from 'typebox'

export const Health = Type.Object({ status: Type.Literal('ok') }, { description: 'The process is alive.' })

const Count = Type.Integer({ minimum: 0 })
export const Readiness = Type.Object({
  ready: Type.Boolean(),
  missing: Type.String({ description: 'What is missing; empty when ready.' }),
  workers: Type.Object({ idle: Count, busy: Count, starting: Count }),
}, { description: 'Whether the service is ready, and what is missing.' })
