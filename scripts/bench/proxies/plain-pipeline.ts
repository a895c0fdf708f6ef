// The pipeline without admission: no slots, no timeouts, no caps. Only the bench has this; users cannot ask for it.
import type { Handler, Stage } from '../../../gateway/core/stage.ts';
import { type Parts, pipeline as whole } from '../../../gateway/pipeline.ts';

const nothing: Stage = (next) => next;

/** Stands in for the gateway's own `pipeline`. */
export function pipeline(parts: Parts): Handler {
  return whole({ ...parts, timeouts: nothing, concurrency: nothing, responseCap: nothing });
}
