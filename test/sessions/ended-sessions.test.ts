// Ended sessions: remembered by their nonce until they would die anyway.
import { describe, expect, it } from 'vitest';
import type { Session } from '../../gateway/core/session.ts';
import { EndedSessions, MOST_ENDED } from '../../gateway/sessions/ended-sessions.ts';

const NOW = Date.UTC(2026, 10, 23);

function session(nonce: string, expiresAt = NOW / 1000 + 3600): Session {
  return { endpointId: 'e', upstreamId: 'u', openedAt: NOW / 1000, expiresAt, nonce, hello: undefined };
}

describe('ended sessions', () => {
  it('knows what was ended and nothing else, though all but the nonce is equal', () => {
    const ended = new EndedSessions(() => NOW);
    ended.add(session('a'));
    expect([ended.has(session('a')), ended.has({ ...session('a') }), ended.has(session('b'))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('need not remember what is dead', () => {
    const ended = new EndedSessions(() => NOW);
    ended.add(session('a', NOW / 1000));
    expect(ended.has(session('a'))).toBe(false);
  });

  it('is bounded: what ends is remembered, and of the longest ended some are forgotten', () => {
    const ended = new EndedSessions(() => NOW);
    const many = 3 * MOST_ENDED;
    const at = (i: number) => session(`n${i}`, NOW / 1000 + 3600 + Math.floor(i / 1000));
    for (let i = 0; i < many; i++) ended.add(at(i));
    const known = Array.from({ length: many }, (_, i) => ended.has(at(i)));
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(MOST_ENDED);
    expect(known.slice(0, 1000)).not.toContain(true);
    expect(known.slice(-1000)).not.toContain(false);
  });

  it('takes no session for another among many', () => {
    const ended = new EndedSessions(() => NOW);
    for (let i = 0; i < MOST_ENDED; i++) ended.add(session(`n${i}`));
    expect(Array.from({ length: MOST_ENDED }, (_, i) => ended.has(session(`m${i}`)))).not.toContain(true);
  });
});
