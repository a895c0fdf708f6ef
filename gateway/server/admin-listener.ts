// The admin listener: health, metrics and control, on an address of its own that clients do not reach.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { AdviceReport } from '../advise/report.ts';
import type { ControlService } from './admin-control.ts';
import { controlApp } from './admin-control.ts';
import type { AdminToken } from './admin-guard.ts';
import { adminGuard } from './admin-guard.ts';
import { tryApp } from './admin-try.ts';
import { hostGuard } from './host-guard.ts';
import { listen } from './listen.ts';
import type { PageSources } from './page/page-app.ts';
import { pageApp } from './page/page-app.ts';

/** A condition of readiness. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong, for people. */
  readonly detail: string;
}

/** What the admin listener tells. */
export interface AdminService {
  checks(): readonly Check[];
  /** Prometheus text format, version 0.0.4. */
  metrics(): Promise<string>;
  advice(): AdviceReport;
  readonly control: ControlService;
  readonly page: PageSources;
  /** Whether the listener is bound to loopback. */
  onLoopback(): boolean;
  /** Host names, besides loopback's, that are this gateway's own. */
  hostNames(): readonly string[];
  /** What changes of state need. */
  readonly token: AdminToken;
}

/** An HTTP server for operators and their tools. */
export class AdminListener {
  readonly server: Server;

  constructor(service: AdminService) {
    const app = adminApp(service);
    // It answers 500 itself when a handler fails, so its promise has nothing to say.
    const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    this.server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return listen(this.server, { section: 'admin', port, host });
  }
}

const NOT_FOUND =
  'There is GET of /, /livez, /readyz, /healthz, /metrics, /admin/state and /admin/advice, and POST to /admin/reload, ' +
  '/admin/purge, /admin/endpoints/POOL/ENDPOINT/drain and .../undrain, /admin/log-level and /admin/call\n';

/** The routes of the admin listener. */
function adminApp(service: AdminService): Hono {
  const app = new Hono();
  app.get('/livez', (c) => c.text('ok\n'));
  const ready = (verbose: boolean) => {
    const checks = service.checks();
    const ok = checks.every((check) => check.ok);
    const lines = checks.map(({ name, ok, detail }) => `[${ok ? '+' : '-'}] ${name} ${ok ? 'ok' : detail}`);
    const verdict = ok ? 'ok' : 'not ready';
    const text = verbose || !ok ? [...lines, verdict].join('\n') : verdict;
    return { text: `${text}\n`, status: ok ? 200 : 503 } as const;
  };
  for (const path of ['/readyz', '/healthz']) {
    app.get(path, (c) => {
      const { text, status } = ready(c.req.query('verbose') !== undefined);
      return c.text(text, status);
    });
  }
  // Probes may come by any name; whatever tells or changes more answers to its own.
  app.use(hostGuard(service.onLoopback, service.hostNames));
  app.get('/metrics', async (c) => {
    const text = await service.metrics();
    return c.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  app.get('/admin/advice', (c) => c.json(service.advice()));
  app.on('POST', '/admin/*', adminGuard(service.token));
  app.route('/admin', controlApp(service.control));
  app.route('/admin', tryApp(service.control.current));
  app.route('/', pageApp(service.page));
  app.notFound((c) => c.text(NOT_FOUND, 404));
  return app;
}
