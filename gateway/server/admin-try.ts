// `POST /admin/call`: an operator tries a tool, under the same policies as any client.
import { Hono } from 'hono';
import type { Gateway } from '../gateway.ts';
import { directPool } from './page/callable-tools.ts';
import type { TryCall } from './try-call.ts';
import { tryCall } from './try-call.ts';

/** The route below `/admin`. */
export function tryApp(current: () => Gateway): Hono {
  const app = new Hono();
  app.post('/call', async (c) => {
    // A form of another site could send anything but JSON without being asked first.
    if (!/^application\/json\b/i.test(c.req.header('content-type') ?? '')) {
      return c.json({ error: 'the body is to be JSON' }, 415);
    }
    const call = readCall(await c.req.json().catch(() => undefined));
    if (call === undefined) return c.json({ error: 'the body is to have path, tool and arguments' }, 400);
    const gateway = current();
    const handler = gateway.operatorHandlers.get(call.path);
    if (handler === undefined) return c.json({ error: `there is no route ${call.path}` }, 404);
    const pool = directPool(gateway.config, call.path);
    const known = pool === undefined ? undefined : gateway.pools.get(pool)?.catalogue.tools.get(call.tool);
    const { endpoint, cache, errorType, status, attempts, phases, answer } = await tryCall(
      handler,
      call,
      known,
    );
    return c.json({
      status,
      endpoint: endpoint === undefined ? null : endpoint.label,
      cache: cache ?? null,
      attempts,
      error_type: errorType ?? null,
      phases_ms: phases,
      answer,
    });
  });
  return app;
}

function readCall(body: unknown): TryCall | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { path, tool, arguments: args = {} } = body as Record<string, unknown>;
  if (typeof path !== 'string' || typeof tool !== 'string') return undefined;
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
  return { path, tool, args: { ...args } };
}
