// Haunt: the stage that tells the ghost of the calls which no rule is for; they pass by as they are.
import { hash } from 'node:crypto';
import type { Exchange } from '../core/exchange.ts';
import type { Reply } from '../core/reply.ts';
import type { Stage } from '../core/stage.ts';
import { canonicalJson } from '../mcp/canonical-json.ts';
import { Method } from '../mcp/methods.ts';
import type { Ghost } from './ghost.ts';
import { whatOfTool } from './key.ts';
import type { PoolRules } from './rules.ts';

const RESULT = Buffer.from('"result"');

/** The stage, for tools that change nothing others ask for and have no rule of their own. */
export function haunt(ghost: Ghost, rules: PoolRules): Stage {
  return (next) => (x) => {
    const { method, name, continued, argumentsStart: start, argumentsEnd: end } = x.envelope;
    if (method !== Method.toolsCall || name === undefined || continued || x.body === undefined)
      return next(x);
    if (rules.tool(name) !== undefined || rules.invalidates(name) !== undefined) return next(x);
    if (!ghost.samples(x.body, start, end)) return next(x);
    const args = start === end ? '' : canonicalJson(x.body, start, end);
    if (args === undefined) return next(x);
    const what = whatOfTool(rules, name, args);
    const who = `${x.principal.binding}:${x.principal.id}`;
    ghost.called(rules.pool, name, what, who);
    return next(x).then((reply) => {
      const digest = digestOf(x, reply);
      if (digest !== undefined) ghost.gave(rules.pool, name, what, who, digest);
      return reply;
    });
  };
}

/** A hash of the result where it is whole and good; what stands before it is the id, which differs from call to call. */
function digestOf(x: Exchange, { body, status }: Reply): string | undefined {
  if (status !== 200 || x.errorType !== undefined || !(body instanceof Uint8Array)) return undefined;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const at = bytes.indexOf(RESULT);
  return at === -1 ? undefined : hash('sha256', bytes.subarray(at), 'base64url').slice(0, 16);
}
