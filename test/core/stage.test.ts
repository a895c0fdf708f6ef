// The chain: stages wrap the last handler in the order in which they are named.
import { describe, expect, it } from 'vitest';
import { refusal } from '../../gateway/core/refusal.ts';
import type { Handler, Stage } from '../../gateway/core/stage.ts';
import { compose } from '../../gateway/core/stage.ts';
import { makeExchange } from './make-exchange.ts';

describe('compose', () => {
  const seen: string[] = [];
  const stage =
    (name: string): Stage =>
    (next) =>
    async (x) => {
      seen.push(`${name} in`);
      const reply = await next(x);
      seen.push(`${name} out`);
      return reply;
    };
  const last: Handler = (x) => {
    seen.push('last');
    return Promise.resolve(x.refuse(refusal('draining')));
  };

  it('makes the first named the outermost', async () => {
    seen.length = 0;
    const reply = await compose([stage('a'), stage('b')], last)(makeExchange());
    expect(seen).toEqual(['a in', 'b in', 'last', 'b out', 'a out']);
    expect(reply.status).toBe(503);
  });

  it('is the last handler itself where there are no stages', () => {
    expect(compose([], last)).toBe(last);
  });

  it('lets a stage answer without the rest', async () => {
    seen.length = 0;
    const no: Stage = () => (x) => Promise.resolve(x.refuse(refusal('forbidden')));
    const reply = await compose([stage('a'), no, stage('b')], last)(makeExchange());
    expect([seen, reply.status]).toEqual([['a in', 'a out'], 403]);
  });

  it('builds the chain once, not for each exchange', async () => {
    let built = 0;
    const counting: Stage = (next) => {
      built++;
      return next;
    };
    const handler = compose([counting], last);
    await handler(makeExchange());
    await handler(makeExchange());
    expect(built).toBe(1);
  });
});
