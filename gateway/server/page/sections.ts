// The sections of the page that follow the gateway's state, each a fragment of its own.
import { html } from 'hono/html';
import { adviceSection } from './advice-section.ts';
import { bytes, count, ms, NONE, name, percent, span } from './format.ts';
import type { Html } from './parts.ts';
import {
  fact,
  figure,
  MANY_ERRORS,
  MIN_CALLS,
  rateCells,
  rateHeads,
  SLOW_P50_MS,
  SLOW_P99_MS,
  sparkline,
  table,
} from './parts.ts';
import { poolsSection } from './pools-section.ts';
import type { AdminState, ClientView, ToolView } from './state.ts';

/** Rows that a table shows; the rest is in `/admin/state`. */
const MAX_ROWS = 100;

/** The live fragments by the id of the element that holds each. */
export function renderSections(state: AdminState): Record<string, string> {
  return {
    status: String(statusSection(state)),
    totals: String(totalsSection(state)),
    advice: String(adviceSection(state.advice)),
    pools: String(poolsSection(state)),
    tools: String(toolsSection(state.tools)),
    clients: String(clientsSection(state.clients)),
    cache: String(cacheSection(state)),
    sessions: String(sessionsSection(state)),
  };
}

function statusSection({ ready, checks, version, uptime_s, last_reload_ok }: AdminState): Html {
  const wrong = checks.filter(({ ok }) => !ok).map((check) => `${check.name}: ${check.detail}`);
  if (!last_reload_ok) wrong.push('the last reload was refused: the configuration before it is still in use');
  const mark = ready
    ? html`<strong class="good"><span aria-hidden="true">●</span> Ready</strong>`
    : html`<strong class="bad"><span aria-hidden="true">✕</span> Not ready</strong>`;
  return html`${mark}
    <span>${version}</span>
    <span>up ${span(uptime_s)}</span>
    ${wrong.map((line) => html`<strong class="bad line"><span aria-hidden="true">▲</span> ${line}</strong>`)}`;
}

function totalsSection({ totals, cache, sessions }: AdminState): Html {
  const { per_minute, calls, p50_ms, p99_ms, error_share, curve } = totals;
  const enough = calls >= MIN_CALLS;
  return html`<dl class="totals">
    ${fact('Calls/min', count(per_minute))} ${fact('In flight', count(sessions.in_flight))}
    ${fact('p50', figure(ms(p50_ms), enough && (p50_ms ?? 0) > SLOW_P50_MS, 'over 500 ms'))}
    ${fact('p99', figure(ms(p99_ms), enough && (p99_ms ?? 0) > SLOW_P99_MS, 'over 2 s'))}
    ${fact('Errors', figure(percent(error_share), enough && (error_share ?? 0) > MANY_ERRORS, 'over 1 %'))}
    ${fact('Cache hits', percent(cache.hit_ratio))} ${fact('Last 10 min', sparkline(curve))}
  </dl>`;
}

function toolsSection(tools: readonly ToolView[]): Html {
  if (tools.length === 0) return html`<p class="none">No tool has been called yet.</p>`;
  const sorted = tools.toSorted(
    (a, b) => b.per_minute - a.per_minute || b.total_calls - a.total_calls || a.tool.localeCompare(b.tool),
  );
  const heads = html`<th scope="col">Tool</th>
    ${rateHeads}
    <th scope="col" class="n">Slow <small>&gt; 2 s</small></th>
    <th scope="col" class="n">Hits</th>
    <th scope="col">Last 10 min</th>`;
  const rows = sorted.slice(0, MAX_ROWS).map(
    (tool) => html`<tr data-key="${tool.pool}/${tool.tool}">
      <th scope="row">
        <a href="#try" data-pool="${tool.pool}" data-tool="${tool.tool}"><bdi>${name(tool.tool)}</bdi></a>
        <small>${tool.pool}</small>
      </th>
      ${rateCells(tool)}
      <td class="n">${figure(percent(tool.slow_share), (tool.slow_share ?? 0) > MANY_ERRORS && tool.calls >= MIN_CALLS, 'over 1 %')}</td>
      <td class="n">${percent(tool.hit_ratio)}</td>
      <td>${sparkline(tool.curve)}</td>
    </tr>`,
  );
  return html`${table('Tools', heads, html`<tbody>${rows}</tbody>`)}${more(tools.length)}`;
}

function clientsSection(clients: readonly ClientView[]): Html {
  if (clients.length === 0) return html`<p class="none">No client has called yet.</p>`;
  const sorted = clients.toSorted(
    (a, b) => b.in_flight - a.in_flight || b.per_minute - a.per_minute || a.client.localeCompare(b.client),
  );
  const heads = html`<th scope="col">Client</th>
    <th scope="col" class="n">In flight</th>
    <th scope="col" class="n">Queue</th>
    ${rateHeads}
    <th scope="col">Refusals</th>`;
  const rows = sorted.slice(0, MAX_ROWS).map(
    (client) => html`<tr data-key="${client.client}">
      <th scope="row"><bdi>${name(client.client)}</bdi></th>
      <td class="n">${count(client.in_flight)}</td>
      <td class="n">${figure(count(client.queued), client.queued > 0, 'waiting')}</td>
      ${rateCells(client)}
      <td>${refusalsOf(client)}</td>
    </tr>`,
  );
  return html`${table('Clients', heads, html`<tbody>${rows}</tbody>`)}${more(clients.length)}`;
}

function refusalsOf({ refusals }: ClientView): string {
  const reasons = Object.entries(refusals).map(([reason, n]) => `${reason} ${count(n)}`);
  return reasons.length === 0 ? NONE : reasons.join(', ');
}

function more(rows: number): Html {
  if (rows <= MAX_ROWS) return html``;
  return html`<p class="none">${rows - MAX_ROWS} more in <a href="/admin/state">/admin/state</a></p>`;
}

function cacheSection({ cache }: AdminState): Html {
  const { hit_ratio, lookups, entries, bytes: held, max_bytes, evictions, redis_up } = cache;
  const redis = redis_up === null ? 'not used' : figure(redis_up ? 'up' : 'away', !redis_up, 'memory only');
  return html`<dl>
    ${fact('Hit ratio', percent(hit_ratio))} ${fact('Hits', count(lookups.hit))}
    ${fact('Stale', count(lookups.stale))} ${fact('Coalesced', count(lookups.coalesced))}
    ${fact('Misses', count(lookups.miss))} ${fact('Entries', count(entries))}
    ${fact('Memory', `${bytes(held)} of ${bytes(max_bytes)}`)} ${fact('Evicted', count(evictions))}
    ${fact('Redis', redis)}
  </dl>`;
}

function sessionsSection({ sessions }: AdminState): Html {
  const { client_connections, held, streams } = sessions;
  return html`<dl>
    ${fact('Client connections', count(client_connections))} ${fact('Sessions', count(held))} ${fact('GET streams', count(streams.get))}
    ${fact('Subscriptions', count(streams.listen))}
  </dl>`;
}
