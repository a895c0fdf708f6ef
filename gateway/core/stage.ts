// The chain: a stage is one policy around the next handler; chains are composed once, at boot and at reload.
import type { Exchange } from './exchange.ts';
import type { Reply } from './reply.ts';

/** Answers an exchange. */
export type Handler = (x: Exchange) => Promise<Reply>;

/** One policy. A stage that has nothing to await is not `async` and returns `next(x)`: it then costs nanoseconds. */
export type Stage = (next: Handler) => Handler;

/** Wraps `last` in the stages; the first named is the outermost. */
export function compose(stages: readonly Stage[], last: Handler): Handler {
  return stages.reduceRight((next, stage) => stage(next), last);
}
