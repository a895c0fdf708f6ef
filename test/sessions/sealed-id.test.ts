// Sealed ids: they open for their owner, at their place, in their time, and in no other way.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SealedIds } from '../../gateway/sessions/sealed-id.ts';
import { BORN, codec, keys, scope, sealed, session } from './make-session.ts';

/** The bytes of an id's last part changed, and spelled again. */
function rewritten(id: string, change: (bytes: Buffer) => Buffer): string {
  const [format, kid, text] = id.split('.') as [string, string, string];
  return [format, kid, change(Buffer.from(text, 'base64url')).toString('base64url')].join('.');
}

describe('a sealed id', () => {
  it('opens to the session, in any process that has the key, first and again', () => {
    const id = sealed();
    const other = codec();
    expect([other.open(id, scope()), other.open(id, scope())]).toEqual([session, session]);
  });

  it('brings any session over', () => {
    const text = fc.string({ unit: 'binary', maxLength: 100 }).filter((it) => it.isWellFormed());
    fc.assert(
      fc.property(text, text, text, (upstreamId, path, binding) => {
        const where = scope({ path, binding });
        const id = sealed(codec(), { ...session, upstreamId }, where);
        expect(id).toMatch(/^g1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
        expect(codec().open(id, where)).toEqual({ ...session, upstreamId });
      }),
      { numRuns: 50 },
    );
  });

  it('is made of visible ASCII, and short', () => {
    const id = sealed();
    expect(id).toMatch(/^[\x21-\x7e]+$/);
    expect(id.length).toBeLessThan(300);
  });

  it('differs each time, for the same session too', () => {
    const by = codec();
    const ids = Array.from({ length: 500 }, () => sealed(by));
    expect(new Set(ids).size).toBe(500);
    // Salt and IV, which no two ids may share.
    expect(new Set(ids.map((id) => id.slice(12, 49))).size).toBe(500);
  });

  it('shows nothing of where the session lives', () => {
    const id = sealed();
    const decoded = id
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
      .join(' ');
    for (const text of [
      session.upstreamId,
      session.endpointId,
      session.nonce,
      'alice',
      'search',
      '/mcp',
      keys[0],
    ]) {
      for (const form of [
        text,
        Buffer.from(text).toString('base64url').slice(0, -2),
        Buffer.from(text).toString('hex'),
      ]) {
        expect(id).not.toContain(form);
        expect(decoded).not.toContain(form);
      }
    }
  });
});

describe.each([
  ['before it was ever opened', false],
  ['after it was opened by its owner', true],
])('a sealed id, %s,', (_name, opened) => {
  function opener(id: string): SealedIds {
    const by = codec();
    if (opened) expect(by.open(id, scope())).toEqual(session);
    return by;
  }

  it.each([
    ['at another path', { path: '/other/mcp' }],
    ['at another pool', { pool: 'db' }],
    ['for another principal', { binding: 'key:bob' }],
    ['for nobody', { binding: 'anonymous' }],
    ['with the parts of its place shifted', { path: '/mcpsearch', pool: '' }],
    ['in another case', { path: '/MCP' }],
  ])('does not open %s', (_where, change) => {
    const id = sealed();
    const by = opener(id);
    expect(by.open(id, scope(change))).toBeUndefined();
    expect(by.open(id, scope())).toEqual(session);
  });

  it('does not open with any bit of it flipped', () => {
    const id = sealed();
    const by = opener(id);
    const length = Buffer.from(id.split('.')[2] as string, 'base64url').length;
    for (let bit = 0; bit < length * 8; bit++) {
      const flipped = rewritten(id, (bytes) => {
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        return bytes;
      });
      expect(by.open(flipped, scope()), `bit ${bit}`).toBeUndefined();
    }
  });

  it('does not open with any character changed, lost or doubled', () => {
    const id = sealed();
    const by = opener(id);
    for (let at = 0; at < id.length; at++) {
      const changed = id[at] === 'A' ? 'B' : 'A';
      expect(
        by.open(id.slice(0, at) + changed + id.slice(at + 1), scope()),
        `changed at ${at}`,
      ).toBeUndefined();
      expect(by.open(id.slice(0, at) + id.slice(at + 1), scope()), `lost at ${at}`).toBeUndefined();
      expect(
        by.open(id.slice(0, at) + id.slice(at, at + 1) + id.slice(at), scope()),
        `doubled at ${at}`,
      ).toBeUndefined();
    }
  });

  it('does not open with its tag cut to any length, or anything behind it', () => {
    const id = sealed();
    const by = opener(id);
    for (let cut = 1; cut <= 16; cut++) {
      expect(
        by.open(
          rewritten(id, (bytes) => bytes.subarray(0, -cut)),
          scope(),
        ),
      ).toBeUndefined();
      expect(
        by.open(
          rewritten(id, (bytes) => Buffer.concat([bytes, randomBytes(cut)])),
          scope(),
        ),
      ).toBeUndefined();
    }
  });

  it('dies on time, and not before', () => {
    let now = BORN;
    const by = codec([keys[0]], () => now);
    const id = sealed(by);
    if (opened) by.open(id, scope());
    now = session.expiresAt * 1000 - 1;
    expect(by.open(id, scope())).toEqual(session);
    now++;
    expect(by.open(id, scope())).toBeUndefined();
    expect(by.open(id, scope())).toBeUndefined();
  });
});

describe('other spellings of a sealed id', () => {
  it.each<[string, (id: string) => string]>([
    ['nothing', () => ''],
    ['dots', () => '..'],
    ['another format', (id) => id.replace('g1.', 'g2.')],
    ['no format', (id) => id.slice(3)],
    ['another part behind it', (id) => `${id}.x`],
    ['an empty part behind it', (id) => `${id}.`],
    ['padding', (id) => `${id}=`],
    [
      'the other base64 alphabet',
      (id) => id.slice(0, 12) + id.slice(12).replaceAll('-', '+').replaceAll('_', '/'),
    ],
    ['white space', (id) => ` ${id} `],
    ['only salt, IV and tag', (id) => rewritten(id, (bytes) => bytes.subarray(0, 44))],
    ['random bytes', (id) => rewritten(id, (bytes) => randomBytes(bytes.length))],
    ['upper case', (id) => id.toUpperCase()],
    ['a key named for the prototype', (id) => id.replace(/\.[0-9a-f]{8}\./, '.__proto__.')],
    ['16 KiB', (id) => id + 'A'.repeat(16_384)],
    ['an id of another server', () => '550e8400-e29b-41d4-a716-446655440000'],
  ])('as %s do not open', (_name, spell) => {
    const by = codec();
    // One that has both special characters of the alphabet.
    let id = sealed(by);
    while (!(id.includes('-') && id.includes('_'))) id = sealed(by);
    expect(by.open(spell(id), scope())).toBeUndefined();
  });
});

describe('an upstream id that is too long', () => {
  it('is not sealed rather than sealed for nobody', () => {
    const by = codec();
    let longest = 0;
    for (let length = 2800; length < 3200; length++) {
      const what = { ...session, upstreamId: 'x'.repeat(length) };
      const id = by.seal(what, scope());
      if (id === undefined) continue;
      longest = length;
      expect(codec().open(id, scope())).toEqual(what);
    }
    expect(longest).toBeGreaterThan(2800);
    expect(longest).toBeLessThan(3199);
  });
});
