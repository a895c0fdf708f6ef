// The admin guard: who may change the state of a running gateway over the admin listener.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { isOwnOrigin } from './host-names.ts';

/** The token that changes need; undefined: none is set, which a loopback listener may do. */
export type AdminToken = () => string | undefined;

/**
 * Lets a request through that brings the token, where one is set. A browser's page from elsewhere is refused in any case:
 * it could send such a request to a loopback address unasked (CSRF).
 */
export function adminGuard(token: AdminToken): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header('origin');
    if (origin !== undefined && !isOwnOrigin(origin, c.req.header('host'))) {
      return c.json({ error: 'requests from other origins are refused' }, 403);
    }
    const wanted = token();
    if (wanted !== undefined && !carries(c.req.header('authorization'), wanted)) {
      return c.json({ error: 'needs "Authorization: Bearer" with admin.token' }, 401, {
        'www-authenticate': 'Bearer',
      });
    }
    await next();
  };
}

/** Digests are compared, so that neither length nor content of the token shows in the time taken. */
function carries(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
