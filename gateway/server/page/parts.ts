// Parts that the sections of the page are put together from.
import { html } from 'hono/html';
import { count, ms, NONE, percent } from './format.ts';
import type { Rates } from './state.ts';

/** Escaped HTML. */
export type Html = ReturnType<typeof html>;

/** The performance guide's thresholds: p50 and p99 in ms, and the share of calls that fail. */
export const SLOW_P50_MS = 500;
export const SLOW_P99_MS = 2000;
export const MANY_ERRORS = 0.01;

/** Below this a figure is no reason to worry. */
export const MIN_CALLS = 20;

/** The columns that tools, endpoints and clients have in common. */
export const rateHeads: Html = html`<th scope="col" class="n">Calls/min</th>
  <th scope="col" class="n opt">p50</th>
  <th scope="col" class="n">p99</th>
  <th scope="col" class="n">Errors</th>`;

export function rateCells(rates: Rates): Html {
  const { calls, per_minute, p50_ms, p99_ms, error_share, errors } = rates;
  const enough = calls >= MIN_CALLS;
  const kinds = Object.entries(errors).map(([type, n]) => `${type}: ${n}`);
  return html`<td class="n">${count(per_minute)}</td>
    <td class="n opt">${figure(ms(p50_ms), enough && (p50_ms ?? 0) > SLOW_P50_MS, 'over 500 ms')}</td>
    <td class="n">${figure(ms(p99_ms), enough && (p99_ms ?? 0) > SLOW_P99_MS, 'over 2 s')}</td>
    <td class="n" title="${kinds.join(', ')}">
      ${figure(percent(error_share), enough && (error_share ?? 0) > MANY_ERRORS, 'over 1 %')}
    </td>`;
}

/** A figure that may be past its threshold: then marked by shape, weight and words, not by colour alone. */
export function figure(text: string, bad: boolean, why: string): Html {
  if (!bad) return html`${text}`;
  return html`<strong class="bad"><span aria-hidden="true">▲</span> ${text}<span class="hidden"> (${why})</span></strong>`;
}

/** A table that can be scrolled sideways, also by keyboard. */
export function table(caption: string, heads: Html, bodies: Html | Html[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table: ${caption}">
    <table>
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      ${bodies}
    </table>
  </div>`;
}

/** A term and its value, for the small figures. */
export function fact(term: string, value: string | Html): Html {
  return html`<div><dt>${term}</dt><dd>${value}</dd></div>`;
}

const STEP = 2;
const HEIGHT = 22;

/** A curve of calls by ten seconds; the last point is not over and left out. Its outline is closed out of sight. */
export function sparkline(curve: readonly number[]): Html {
  const points = curve.slice(0, -1);
  const most = Math.max(...points);
  if (most <= 0) return html`<span class="none">${NONE}</span>`;
  const width = (points.length - 1) * STEP;
  const line = points.map(
    (calls, i) => `${i * STEP} ${Math.round(HEIGHT - 1 - (calls / most) * (HEIGHT - 3))}`,
  );
  const first = line[0]?.split(' ')[1];
  const last = line.at(-1)?.split(' ')[1];
  const around = `M-3 ${HEIGHT + 3}V${first}L${line.join('L')}L${width + 3} ${last}V${HEIGHT + 3}Z`;
  return html`<svg
    class="spark"
    viewBox="0 0 ${width} ${HEIGHT}"
    width="${width}"
    height="${HEIGHT}"
    role="img"
    aria-label="at most ${most} calls in ten seconds"
  >
    <path d="${around}"></path>
  </svg>`;
}
