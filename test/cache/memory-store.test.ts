// The memory store against a plain map, and the questions that are known by their bytes.
import { describe, expect, it } from 'vitest';
import { ownBytes } from '../../gateway/cache/arena.ts';
import { KnownQuestions } from '../../gateway/cache/known-questions.ts';
import { MemoryStore } from '../../gateway/cache/memory-store.ts';
import type { Plan } from '../../gateway/cache/rules.ts';
import { Tags, type Validity } from '../../gateway/cache/tags.ts';
import { makeExchange, request } from '../core/make-exchange.ts';
import { seeded } from '../support/chance.ts';
import { plainRule } from './plain-rules.ts';

const times = { storedAt: 1, freshUntil: 2, staleUntil: 3, errorUntil: 4 };
const entry = {
  ...times,
  statedScope: undefined,
  meta: '',
  serverInfo: 's',
  members: Buffer.alloc(0),
  tags: [],
};

describe('the memory store', () => {
  it('gives back what was set last under a key, and stays within its bound', () => {
    const random = seeded(3);
    const validity = new Tags().validity(['all'], 1) as Validity;
    const store = new MemoryStore(1 << 20);
    const wanted = new Map<number, Buffer>();
    let found = 0;
    for (let i = 0; i < 20_000; i++) {
      const n = Math.floor(random() * 3000);
      // Short and long names, and some beyond ASCII.
      const key = { what: `what ${n}`, who: 'x'.repeat(n % 300) + (n % 7 === 0 ? 'é漢' : '') };
      if (random() < 0.5) {
        const bytes = Buffer.alloc(Math.floor(random() * 3000), i & 255);
        store.set(key, entry, validity, bytes);
        wanted.set(n, bytes);
        continue;
      }
      const got = store.get(key);
      if (got === undefined) continue;
      found++;
      expect(ownBytes(got.members).equals(wanted.get(n) as Buffer)).toBe(true);
    }
    expect(store.bytes).toBeLessThanOrEqual(1 << 20);
    expect(found).toBeGreaterThan(1000);
    expect(store.evictions).toBeGreaterThan(1000);
    store.clear();
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });

  it('drops the least recently used first, and the answers to one question for everybody', () => {
    const validity = new Tags().validity(['all'], 1) as Validity;
    const store = new MemoryStore(10 * 640);
    const key = (n: number, who = 'a') => ({ what: `${n}`, who });
    for (let n = 0; n < 10; n++) store.set(key(n), entry, validity, Buffer.from('x'));
    store.get(key(0));
    store.set(key(10), entry, validity, Buffer.from('x'));
    expect([store.get(key(0)) === undefined, store.get(key(1)) === undefined]).toEqual([false, true]);
    store.set(key(5, 'b'), entry, validity, Buffer.from('x'));
    store.deleteWhat('5');
    expect([store.get(key(5)), store.get(key(5, 'b'))]).toEqual([undefined, undefined]);
    expect(store.size).toBe(8);
  });
});

describe('a known question', () => {
  const rule = { ...plainRule(1000), maxEntryBytes: 1000 };
  const plan = (subject: string): Plan => ({
    rule,
    subject,
    tags: [],
    isList: false,
    promising: true,
    formed: false,
  });
  const asks = (text: string) => makeExchange(request('tools/call', { name: 'look', arguments: { text } }));

  it('is known by all of its bytes and its tool', () => {
    const known = new KnownQuestions();
    const [look, find] = [plan('look'), plan('find')];
    const alike = (middle: string) => asks(`${'a'.repeat(60)}${middle}${'z'.repeat(60)}`);
    known.keep(alike('1'), look, 'first');
    expect(known.find(alike('1'), look)).toBe('first');
    expect(known.find(alike('2'), look)).toBeUndefined();
    expect(known.find(alike('1'), find)).toBeUndefined();
    known.keep(asks('x'.repeat(1000)), look, 'long');
    expect(known.find(asks('x'.repeat(1000)), look)).toBeUndefined();
  });
});
