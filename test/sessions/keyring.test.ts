// Keyrings: keys change over without a lost session, and a lost key opens nothing.
import { describe, expect, it } from 'vitest';
import { codec, keys, scope, sealed, session } from './make-session.ts';

describe('a keyring', () => {
  const [old, young] = keys;

  it('seals with its first key and opens with all', () => {
    const before = sealed(codec([old]));
    const rotated = codec([young, old]);
    expect(rotated.open(before, scope())).toEqual(session);
    const after = sealed(rotated);
    expect(codec([young]).open(after, scope())).toEqual(session);
    expect(codec([old]).open(after, scope())).toBeUndefined();
  });

  it('loses no session while replicas change over: accept, then issue, then retire', () => {
    const steps = [[old], [old, young], [young, old]].map((ring) => codec(ring));
    for (const [i, sealer] of steps.entries()) {
      // Replicas are at most one step apart.
      for (const opener of steps.slice(Math.max(0, i - 1), i + 2)) {
        expect(opener.open(sealed(sealer), scope())).toEqual(session);
      }
    }
  });

  it('opens nothing under a key it has no more, nor under the name of another key', () => {
    const id = sealed(codec([old]));
    expect(codec([young]).open(id, scope())).toBeUndefined();
    const kid = sealed(codec([young])).split('.')[1] as string;
    const renamed = id.replace(/\.[0-9a-f]{8}\./, `.${kid}.`);
    expect(codec([young, old]).open(renamed, scope())).toBeUndefined();
  });

  it('cannot be empty', () => {
    expect(() => codec([]).seal(session, scope())).toThrow('no session key');
    expect(codec([]).open(sealed(), scope())).toBeUndefined();
  });
});
