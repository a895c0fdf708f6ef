// GW006 for a client: its own slots are full while the pools behind them have room.
import type { Change } from '../change.ts';
import type { Finding } from '../finding.ts';
import { confidenceOf, figure, percent, time } from '../finding.ts';
import type { ClientFigures, Snapshot } from '../snapshot.ts';
import { high } from './full-pool.ts';

const ROOM = 1.35;

export function fullClient({ config, windowS }: Snapshot, figures: ClientFigures): Finding {
  const { client, calls, waited, refused, waits, levels } = figures;
  const own = config?.clients.find(({ id }) => id === client);
  const have = own?.concurrency ?? config?.limits.concurrency;
  const need = Math.max(Math.ceil(high(levels.map(({ all }) => all))), (have ?? 0) + 1);
  const value = Math.ceil(need * ROOM);
  const change: Change | undefined =
    config === undefined
      ? undefined
      : own === undefined
        ? { at: { section: 'limits' }, key: 'concurrency', value }
        : { at: { client }, key: 'concurrency', value };
  const room = have === undefined ? '' : `, and have ${have} slots`;
  return {
    id: 'GW006',
    severity: refused > 0 ? 'warn' : 'info',
    subject: `client ${client}`,
    sentence:
      `Client ${client} is at its own limit: its calls need room for ${need} at once${room}; ` +
      `${percent(waited / calls)} waited, p95 ${time(waits.quantile(0.95))}, and ${refused} of ${calls} were refused.`,
    evidence: {
      window_s: figure(windowS),
      n: calls,
      need,
      waited_share: figure(waited / calls),
      wait_p95_ms: figure(waits.quantile(0.95)),
      refused,
    },
    action: `Give the client ${value} slots if it is entitled to them; the pools have room.`,
    changes: change === undefined ? [] : [change],
    expected: 'Its calls no longer wait, and none is refused.',
    confidence: confidenceOf(calls),
    prediction: { figure: 'waited_share', value: 0, pool: undefined, tool: undefined, client },
  };
}
