// The page as a whole: what is shown before the first update, and all of it without scripts.
import { html, raw } from 'hono/html';
import type { ClientName, Connection, Snippet } from '../../../config/client-snippets.ts';
import { clientNames, clientSnippets, clientTitles } from '../../../config/client-snippets.ts';
import type { CallableTool } from './callable-tools.ts';
import { name } from './format.ts';
import type { Html } from './parts.ts';

/** What the page is made of. */
export interface PageContent {
  /** The live fragments by id, already escaped. */
  readonly sections: Readonly<Record<string, string>>;
  readonly tools: readonly CallableTool[];
  readonly connections: readonly Connection[];
  /** Whether changes need the admin token. */
  readonly needsToken: boolean;
}

/** Escapes nothing: for fragments that have been escaped when they were rendered. */
type Live = (id: string) => Html;

export function renderPage({ sections, tools, connections, needsToken }: PageContent): string {
  const live: Live = (id) => html`<div id="${id}" data-live>${asIs(sections[id] ?? '')}</div>`;
  return String(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>mcp-gateway</title>
    <link rel="icon" href="/page/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/page/page.css" />
    <script type="module" src="/page/page.js"></script>
    <noscript><meta http-equiv="refresh" content="5" /></noscript>
  </head>
  <body data-needs-token="${needsToken ? 'yes' : 'no'}">
    <a class="skip" href="#main">To the figures</a>
    <header>
      <h1>mcp-gateway</h1>
      <div id="status" data-live>${asIs(sections['status'] ?? '')}</div>
      <p id="feed" role="status"></p>
      <div class="actions">
        <button type="button" data-act="reload">Reload configuration</button>
        <button type="button" data-act="purge">Purge cache</button>
      </div>
    </header>
    <p id="message" role="status" aria-live="polite"></p>
    <main id="main" tabindex="-1">
      ${section('totals', 'Overall', live)} ${section('advice', 'Advice', live)}
      ${section('pools', 'Pools and endpoints', live)} ${section('tools', 'Tools', live)}
      ${section('clients', 'Clients', live)}
      <div class="pair">
        ${section('cache', 'Cache', live)} ${section('sessions', 'Sessions and streams', live)}
      </div>
      <section aria-labelledby="h-try" class="try">
        <h2 id="h-try">Try a tool</h2>
        ${tryForm(tools)}
      </section>
      <section aria-labelledby="h-connect">
        <h2 id="h-connect">Connect a client</h2>
        <div class="clients">${clientNames.map((client) => connectOf(client, connections))}</div>
      </section>
    </main>
    <footer>
      Figures are of the last five minutes, rates of the last one. <a href="/admin/state">State as JSON</a> ·
      <a href="/metrics">Metrics</a> · <a href="/readyz?verbose">Readiness</a>
    </footer>
    ${confirmDialog()}
  </body>
</html>`);
}

function asIs(fragment: string): Html {
  return raw(fragment);
}

function section(id: string, title: string, live: Live): Html {
  return html`<section aria-labelledby="h-${id}"><h2 id="h-${id}">${title}</h2>${live(id)}</section>`;
}

function tryForm(tools: readonly CallableTool[]): Html {
  const pools = [...new Set(tools.map(({ pool }) => pool))];
  const option = ({ path, tool }: CallableTool) =>
    html`<option value="${tool}" data-path="${path}">${name(tool)}</option>`;
  const groups = pools.map(
    (pool) =>
      html`<optgroup label="${pool}">${tools.filter((tool) => tool.pool === pool).map(option)}</optgroup>`,
  );
  return html`<form id="try" autocomplete="off">
      <p>
        <label for="tool">Tool</label>
        <select id="tool" name="tool" required>
          <option value="">Choose a tool</option>
          ${groups}
        </select>
      </p>
      <p id="about" class="about"></p>
      <div id="fields"></div>
      <p><button type="submit">Call</button></p>
    </form>
    <div id="answer" aria-live="polite"></div>`;
}

function connectOf(client: ClientName, connections: readonly Connection[]): Html {
  const snippets = connections.flatMap((connection, i) =>
    clientSnippets(client, connection).map((snippet) =>
      snippetOf(snippet, i === 0 ? undefined : connection.name),
    ),
  );
  return html`<details><summary>${clientTitles[client]}</summary>${snippets}</details>`;
}

function snippetOf({ title, text, note }: Snippet, route: string | undefined): Html {
  return html`<figure>
    <figcaption>${route === undefined ? '' : html`<b>${route}</b> · `}${title}</figcaption>
    <pre tabindex="0">${text}</pre>
    <button type="button" data-copy>Copy</button>
    ${note === undefined ? '' : html`<p class="none">${note}</p>`}
  </figure>`;
}

function confirmDialog(): Html {
  return html`<dialog id="confirm" aria-labelledby="confirm-title">
    <form method="dialog">
      <h2 id="confirm-title"></h2>
      <p id="confirm-text"></p>
      <p id="token-line">
        <label for="token">Admin token</label>
        <input id="token" type="password" autocomplete="off" spellcheck="false" />
      </p>
      <p class="actions">
        <button value="no" formnovalidate>Cancel</button> <button value="yes" class="main">Confirm</button>
      </p>
    </form>
  </dialog>`;
}
