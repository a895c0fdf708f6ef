// The page's routes on the admin listener: the page itself, its files, its updates, and what they are made of.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { connectionName } from '../../../config/client-snippets.ts';
import { publicBase } from '../../../config/public-url.ts';
import { callableTools, directPool } from './callable-tools.ts';
import type { PageContent } from './document.ts';
import { renderPage } from './document.ts';
import { LiveFeed } from './live-feed.ts';
import type { StateSources } from './read-state.ts';
import { readState } from './read-state.ts';
import { renderSections } from './sections.ts';

/** What the page is made from. */
export interface PageSources extends StateSources {
  /** Base URL of the public listener, where the configuration names none. */
  publicUrl(): string;
}

/** Routes that the snippets are shown for. */
const MAX_ROUTES = 5;

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Everything comes from this listener, and nothing that a tool is called can become a script (CSP Level 3). */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** The routes `/`, `/page/*`, `/events`, `/admin/state` and `/admin/tool`. */
export function pageApp(sources: PageSources): Hono {
  const app = new Hono();
  const feed = new LiveFeed(() => renderSections(readState(sources)));
  app.use(secureHeaders({ contentSecurityPolicy, xFrameOptions: 'DENY', strictTransportSecurity: false }));
  app.get('/', (c) => c.html(renderPage(contentOf(sources)), 200, { 'cache-control': 'no-store' }));
  for (const [file, text] of assets()) {
    app.get(`/page/${file}`, (c) =>
      c.body(text, 200, {
        'content-type': types[extname(file)] ?? 'text/plain',
        'cache-control': 'no-cache',
      }),
    );
  }
  app.get('/events', (c) => {
    const stream = feed.open();
    if (stream === undefined) return c.text('too many pages are open\n', 503, { 'retry-after': '5' });
    return c.body(stream, 200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  });
  app.get('/admin/state', (c) => c.json(readState(sources), 200, { 'cache-control': 'no-store' }));
  app.get('/admin/tool', (c) => {
    const { path = '', tool = '' } = c.req.query();
    const gateway = sources.current();
    const pool = directPool(gateway.config, path);
    const known = pool === undefined ? undefined : gateway.pools.get(pool)?.catalogue.tools.get(tool);
    if (known === undefined) return c.json({ error: `no pool behind ${path} lists a tool ${tool}` }, 404);
    const { name, description, inputSchema } = known;
    return c.json({ name, description: description ?? '', input_schema: inputSchema ?? {} });
  });
  return app;
}

function contentOf(sources: PageSources): PageContent {
  const gateway = sources.current();
  const { config } = gateway;
  const base = publicBase(config, sources.publicUrl());
  return {
    sections: renderSections(readState(sources)),
    tools: callableTools(gateway),
    connections: config.routes.slice(0, MAX_ROUTES).map(({ path }) => ({
      url: base + path,
      name: connectionName(path),
      needsKey: config.auth.mode === 'required',
    })),
    needsToken: config.admin.token !== undefined,
  };
}

/** The page's files by name; read once. */
function assets(): Map<string, string> {
  const folder = join(import.meta.dirname, 'assets');
  const files = readdirSync(folder).filter((file) => extname(file) in types);
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}
