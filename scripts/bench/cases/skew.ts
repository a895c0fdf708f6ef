// `skew`: three replicas, one ten times slower; how much of the load each way of balancing gives the slow one.
import type { BenchCase, Outcome, Sample } from '../bench-case.ts';
import { MODERN_LOOKUP } from '../calls.ts';
import type { Contender } from '../contenders.ts';
import { sameCall, startContenders } from '../contenders.ts';
import type { Lab } from '../lab.ts';
import { runCalls, writeRequests } from '../load/run-calls.ts';
import { measureInTurns } from '../rounds.ts';
import type { Subject } from '../subject.ts';
import { gateway } from '../subjects/gateway.ts';
import { nginx } from '../subjects/nginx.ts';
import { callsOn, startMessageUpstream } from '../upstream/message-upstream.ts';

/** Milliseconds that a tools/call takes on each replica. */
const DELAYS_MS = [5, 5, 50];
const CONCURRENCY = 30;
const MOST_SLOW_SHARE = 0.15;

/** The gateway with the balancer that knows nothing of load, for comparison. */
const roundRobin: Subject = {
  name: 'gateway_round_robin',
  start: (lab, plan) => gateway.start(lab, { ...plan, balance: 'round_robin' }),
};

export const skew: BenchCase = {
  name: 'skew',
  about: `replicas that take ${DELAYS_MS.join(', ')} ms: the slow one's share by balancer`,
  run: async (lab, settings) => {
    const outcome: Outcome = { results: [], goals: [], failures: [] };
    const upstream = await startMessageUpstream(lab, DELAYS_MS);
    const plan = { era: 'modern', upstreamPorts: upstream.ports, upstreamPid: upstream.pid } as const;
    const entries = [roundRobin, nginx, gateway].map((subject) => ({
      subject,
      prepare: sameCall(MODERN_LOOKUP),
    }));
    const contenders = await startContenders(lab, settings, plan, entries, outcome);
    for (const concurrency of settings.concurrencies ?? [CONCURRENCY]) {
      const turns = contenders.map((contender) => ({
        subject: contender.name,
        load: (seconds: number) => loadReplicas(lab, contender, upstream.ports, concurrency, seconds),
      }));
      await measureInTurns('skew', concurrency, turns, settings, outcome, [roundRobin.name]);
    }
    outcome.goals.push(...goalsOf(outcome));
    return outcome;
  },
};

async function loadReplicas(
  lab: Lab,
  { name, running, requests }: Contender,
  ports: readonly number[],
  connections: number,
  seconds: number,
): Promise<Sample> {
  const requestFile = writeRequests(lab, `skew-${name}`, requests);
  const before = await Promise.all(ports.map(callsOn));
  const sample = await runCalls(lab, running, { requestFile, connections, seconds });
  const after = await Promise.all(ports.map(callsOn));
  const calls = after.map((count, index) => count - (before[index] ?? 0));
  const slow = calls[DELAYS_MS.indexOf(Math.max(...DELAYS_MS))] ?? 0;
  return { ...sample, slow_replica_share: slow / calls.reduce((sum, count) => sum + count, 0) };
}

function goalsOf(outcome: Outcome) {
  const shares = outcome.results.filter(
    (row) => row.subject === gateway.name && row.metric === 'slow_replica_share',
  );
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return shares.map(({ concurrency, value }) => ({
    text: `c=${concurrency}: least_connections gives the slow replica ${percent(value)} (at most ${percent(MOST_SLOW_SHARE)})`,
    met: value <= MOST_SLOW_SHARE,
  }));
}
