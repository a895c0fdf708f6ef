// The life of an exchange: what is deferred comes back once, last first.
import { describe, expect, it } from 'vitest';
import { refusal } from '../../gateway/core/refusal.ts';
import { makeExchange } from './make-exchange.ts';

describe('an exchange', () => {
  it('gives back what was deferred, last first and once', () => {
    const x = makeExchange();
    const seen: string[] = [];
    x.defer(() => seen.push('first'));
    x.defer(() => seen.push('second'));
    x.close();
    x.close();
    expect(seen).toEqual(['second', 'first']);
  });

  it('gives back at once what is deferred after its end, also during it', () => {
    const x = makeExchange();
    const seen: string[] = [];
    x.defer(() => seen.push('outer'));
    x.defer(() => x.defer(() => seen.push('inner')));
    x.close();
    x.defer(() => seen.push('late'));
    expect(seen).toEqual(['inner', 'outer', 'late']);
  });

  it('cancels through the handler in charge, and not after its end', () => {
    const x = makeExchange();
    const seen: string[] = [];
    x.cancel(refusal('timeout'));
    x.running = { cancel: ({ reason }) => seen.push(reason) };
    x.cancel(refusal('draining'));
    x.close();
    x.cancel(refusal('timeout'));
    expect(seen).toEqual(['draining']);
  });

  it('tells of the client’s going once', () => {
    const x = makeExchange();
    let told = 0;
    x.running = { cancel() {}, clientGone: () => told++ };
    x.disconnect();
    x.disconnect();
    expect([told, x.clientGone]).toEqual([1, true]);
  });

  it('knows a caller without credentials by its address, and binds its sessions to none', () => {
    expect(makeExchange().principal).toEqual({ id: '192.0.2.1', binding: 'anonymous' });
  });
});
