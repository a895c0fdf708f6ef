// GW006: calls that wait in the gateway because their pool's or their client's room is full.
import type { Finding, Verdict } from '../finding.ts';
import { MIN_CALLS, tooFew } from '../finding.ts';
import { total } from '../rollup.ts';
import type { Snapshot } from '../snapshot.ts';
import { fullClient } from './full-client.ts';
import { capacityOf, fullPool } from './full-pool.ts';

/** The share of calls that waits, or was turned away, from which on it is felt. */
const WAITING = 0.05;
const MIN_WAITING = 10;

export function full(snapshot: Snapshot): Verdict {
  const verdict: Verdict = { findings: [], abstentions: [] };
  const explained = new Set<string>();
  for (const pool of snapshot.pools) {
    const sums = total(pool.cells);
    const capacity = capacityOf(snapshot, pool);
    if (sums.forwarded < MIN_CALLS) {
      if (sums.forwarded > 0) verdict.abstentions.push(tooFew('GW006', pool.name, sums.forwarded));
      continue;
    }
    if (capacity === undefined) continue;
    const finding = fullPool(snapshot, pool, sums, capacity, felt(sums.waited, sums.forwarded));
    if (finding === undefined) continue;
    verdict.findings.push(finding);
    explained.add(pool.name);
  }
  // Where a pool is full, its clients wait for the pool.
  if (explained.size > 0) return verdict;
  verdict.findings.push(...clientsThatWait(snapshot));
  return verdict;
}

function clientsThatWait(snapshot: Snapshot): Finding[] {
  return snapshot.clients.flatMap((client) => {
    const { calls, waited, refused } = client;
    if (calls < MIN_CALLS || !felt(waited + refused, calls)) return [];
    return [fullClient(snapshot, client)];
  });
}

function felt(waiting: number, calls: number): boolean {
  return waiting >= MIN_WAITING && waiting / calls > WAITING;
}
