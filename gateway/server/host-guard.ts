// The host guard: a listener on loopback answers to loopback's names only, against DNS rebinding.
import type { MiddlewareHandler } from 'hono';
import { bareName, FOREIGN_HOST, isLoopbackName } from './host-names.ts';

/** Lets a request through that is meant for this listener; `names`: further host names that are its own. */
export function hostGuard(onLoopback: () => boolean, names: () => readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const name = bareName(c.req.header('host') ?? '');
    // Their ports are those of the public listener.
    const own = isLoopbackName(name) || names().some((listed) => bareName(listed) === name);
    if (onLoopback() && !own) return c.text(`${FOREIGN_HOST}\n`, 403);
    await next();
  };
}
