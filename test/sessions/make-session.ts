// A session, its owner and the codecs that seal it.
import type { Session, SessionScope } from '../../gateway/core/session.ts';
import { SealedIds } from '../../gateway/sessions/sealed-id.ts';
import { caller } from '../core/make-exchange.ts';

/** Now, in ms since the epoch. */
export const BORN = Date.UTC(2026, 10, 23);
export const keys = ['0123456789abcdef0123456789abcdef', 'another-key-another-key-another-k'] as const;

export const session: Session = {
  endpointId: 'a1b2c3d4e5f6',
  upstreamId: 'upstream-session-7f3a',
  openedAt: BORN / 1000,
  expiresAt: BORN / 1000 + 3600,
  nonce: 'AAAAAAAAAAA',
  hello: undefined,
};

export function scope(
  change: Partial<Omit<SessionScope, 'principal'>> & { binding?: string } = {},
): SessionScope {
  const { path = '/mcp', pool = 'search', binding = 'key:alice' } = change;
  return { path, pool, principal: caller(binding) };
}

export function codec(secrets: readonly string[] = [keys[0]], now: () => number = () => BORN): SealedIds {
  return new SealedIds(secrets, now);
}

export function sealed(
  by: SealedIds = codec(),
  what: Session = session,
  where: SessionScope = scope(),
): string {
  const id = by.seal(what, where);
  if (id === undefined) throw new Error('not sealed');
  return id;
}
