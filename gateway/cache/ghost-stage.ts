// Ghost stage: tells the ghost of the calls which no rule is for; they pass by as they are.
import { hash } from 'node:crypto';
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import { Method } from '../mcp/methods.ts';
import type { Ghost } from './ghost.ts';
import type { Tally } from './ghost-tally.ts';
import type { PoolRules } from './rules.ts';

const RESULT = Buffer.from('"result"');

/** The stage, for tools that change nothing others ask for and have no rule of their own. */
export function ghostStage(ghost: Ghost, rules: PoolRules): Stage {
  // What the ghost follows of this pool; no larger than the ghost's own list.
  const followed = new Map<string, Tally>();
  const follow = (name: string): Tally | undefined => {
    if (rules.tool(name) !== undefined || rules.invalidates(name) !== undefined) return undefined;
    const tally = ghost.tally(rules.pool, name);
    if (tally !== undefined) followed.set(name, tally);
    return tally;
  };
  return (next) => (x) => {
    const { method, name, continued, argumentsStart: start, argumentsEnd: end } = x.envelope;
    if (method !== Method.toolsCall || name === undefined || continued || x.body === undefined)
      return next(x);
    const tally = followed.get(name) ?? follow(name);
    if (tally === undefined) return next(x);
    const what = ghost.called(tally, x.body, start, end, x.principal);
    return what === 0 ? next(x) : compared(ghost, tally, what, x, next(x));
  };
}

/** The reply, of which the ghost is told. */
function compared(
  ghost: Ghost,
  tally: Tally,
  what: number,
  x: Exchange,
  coming: Promise<Reply>,
): Promise<Reply> {
  return coming.then((reply) => {
    const digest = digestOf(x, reply);
    if (digest !== undefined) ghost.gave(tally, what, x.principal, digest);
    return reply;
  });
}

/** A hash of the result where it is whole and good; what stands before it is the id, which differs from call to call. */
function digestOf(x: Exchange, { body, status }: Reply): string | undefined {
  if (status !== 200 || x.errorType !== undefined || !(body instanceof Uint8Array)) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const at = bytes.indexOf(RESULT);
  return at === -1 ? undefined : hash('sha256', bytes.subarray(at), 'base64url').slice(0, 16);
}
