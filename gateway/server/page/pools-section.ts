// The section of pools and their endpoints, with what an operator can do to each.
import { html } from 'hono/html';
import { count, name, span } from './format.ts';
import type { Html } from './parts.ts';
import { rateCells, rateHeads, table } from './parts.ts';
import type { AdminState, EndpointView, PoolView } from './state.ts';

const marks: Readonly<Record<EndpointView['state'], readonly [mark: string, tone: string]>> = {
  available: ['●', 'good'],
  draining: ['◐', 'calm'],
  unhealthy: ['✕', 'bad'],
  ejected: ['▲', 'bad'],
};

const COLUMNS = 12;

export function poolsSection({ pools, time }: AdminState): Html {
  const now = Date.parse(time);
  const heads = html`<th scope="col">Endpoint</th>
    <th scope="col">State</th>
    <th scope="col" class="n">In flight</th>
    <th scope="col" class="n opt">Streams</th>
    ${rateHeads}
    <th scope="col" class="n opt">Sockets <small>busy/open</small></th>
    <th scope="col" class="n opt">Weight</th>
    <th scope="col" class="n opt">Since</th>
    <th scope="col"><span class="hidden">Action</span></th>`;
  return table(
    'Pools and endpoints',
    heads,
    pools.map((pool) => poolRows(pool, now)),
  );
}

function poolRows(pool: PoolView, now: number): Html {
  const all = pool.endpoints.length;
  const none = pool.available === 0 ? html`<strong class="bad">none available</strong>` : '';
  return html`<tbody data-key="${pool.name}">
    <tr class="group">
      <th class="pool" scope="rowgroup" colspan="${COLUMNS}">
        ${pool.name} <small>${pool.available} of ${all} available ${none}</small>
      </th>
    </tr>
    ${pool.endpoints.map((endpoint) => endpointRow(pool.name, endpoint, now))}
  </tbody>`;
}

function endpointRow(pool: string, endpoint: EndpointView, now: number): Html {
  const { id, url, state, why, in_flight, streams, weight, connections, changed_at } = endpoint;
  const [mark, tone] = marks[state];
  const verb = state === 'draining' ? 'undrain' : 'drain';
  const label = verb === 'drain' ? 'Drain' : 'Undrain';
  const busy = connections.connected - connections.free;
  return html`<tr data-key="${id}">
    <th scope="row"><bdi>${name(url)}</bdi></th>
    <td>
      <span class="${tone}"><span aria-hidden="true">${mark}</span> ${state}</span>
      ${why === null ? '' : html`<small class="why">${name(why)}</small>`}
    </td>
    <td class="n">${count(in_flight)}</td>
    <td class="n opt">${count(streams)}</td>
    ${rateCells(endpoint)}
    <td class="n opt">${count(busy)}/${count(connections.connected)}</td>
    <td class="n opt">${weight}</td>
    <td class="n opt"><time datetime="${changed_at}">${span((now - Date.parse(changed_at)) / 1000)}</time></td>
    <td class="act">
      <button type="button" data-act="${verb}" data-pool="${pool}" data-endpoint="${id}" data-label="${name(url)}">
        ${label}<span class="hidden"> ${name(url)}</span>
      </button>
    </td>
  </tr>`;
}
