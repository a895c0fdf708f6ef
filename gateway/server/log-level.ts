// The log level over the admin listener: read it, or change it until the next restart or until the file says another.
import { Hono } from 'hono';
import type { Logger, LogLevel } from '../telemetry/logger.ts';

const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** The routes below `/admin/log-level`; `POST` takes `{ "level": "debug" }`. */
export function logLevelApp(logger: Logger): Hono {
  const app = new Hono();
  app.get('/', (c) => c.json({ level: logger.level }));
  app.post('/', async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const wanted = typeof body === 'object' && body !== null && 'level' in body ? body.level : undefined;
    const level = levels.find((one) => one === wanted);
    if (level === undefined) return c.json({ error: `"level" is one of ${levels.join(', ')}` }, 400);
    const before = logger.level;
    logger.log({ event: 'log_level', from: before, to: level });
    logger.level = level;
    return c.json({ level, before });
  });
  return app;
}
