// Ended sessions: remembered by their nonce until they would die anyway.
import { describe, expect, it } from 'vitest';
import type { Session } from '../../gateway/core/session.ts';
import { EndedSessions } from '../../gateway/sessions/ended-sessions.ts';

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

  it('is bounded: the longest ended are forgotten first', () => {
    const ended = new EndedSessions(() => NOW);
    for (let i = 0; i <= 100_000; i++) ended.add(session(String(i)));
    expect([ended.has(session('0')), ended.has(session('1')), ended.has(session('100000'))]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
