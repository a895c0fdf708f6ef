// The host guard: a listener on loopback answers to loopback's names only, against DNS rebinding.
import type { MiddlewareHandler } from 'hono';

const loopback = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Lets a request through that is meant for this listener; `names`: further host names that are its own. */
export function hostGuard(onLoopback: () => boolean, names: () => readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    const bare = host.replace(/:\d+$/, '').toLowerCase();
    const own =
      loopback.test(host) || names().some((name) => name.replace(/:\d+$/, '').toLowerCase() === bare);
    if (onLoopback() && !own) return c.text('This host name is not served here\n', 403);
    await next();
  };
}
