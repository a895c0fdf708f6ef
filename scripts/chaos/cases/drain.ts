// `drain`: SIGTERM under load, as a rolling update sends it; the load goes elsewhere once `/readyz` says so.
import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '../../bench/lab.ts';
import type { ChaosCase, Settings } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { failed, Load } from '../load.ts';
import { OwnGateway } from '../own-gateway.ts';
import { startReplicas } from '../upstream/replica.ts';

const CALL_MS = 100;
const NOT_READY_WITHIN_MS = 100;
const TIMEOUT_MS = 25_000;

export const drain: ChaosCase = {
  name: 'drain',
  about: 'SIGTERM the gateway under load, with and without a delay',
  async run(lab, settings) {
    const report = new Report('drain', settings.clients);
    await measure(lab, settings, report, 2000);
    await measure(lab, settings, report, 0);
    return report;
  },
};

async function measure(
  lab: Lab,
  { clients, quick }: Settings,
  report: Report,
  delayMs: number,
): Promise<void> {
  const replicas = await startReplicas(lab, 3, CALL_MS);
  const ports = replicas.map(({ port }) => port);
  const sections = {
    limits: { concurrency: 10_000 },
    drain: { delay: `${delayMs}ms`, timeout: `${TIMEOUT_MS}ms` },
  };
  const gateway = await OwnGateway.start(lab, { ports, sections });
  const load = new Load(gateway.port, clients);
  await pause(quick ? 1000 : 4000);
  const readiness = await gateway.watchReadiness();
  const toldAt = performance.now();
  gateway.signal('SIGTERM');
  const notReadyAt = await readiness.notReadyAt;
  // The balancer has seen it: calls begun so far go on, new ones go elsewhere.
  await load.stop();
  const code = await gateway.child.exited;
  const tookMs = performance.now() - toldAt;
  await Promise.all(replicas.map((replica) => replica.stop()));

  const bad = failed(load.calls);
  const began = bad.filter(({ startedAt }) => startedAt <= toldAt);
  const seenMs = (notReadyAt ?? Number.POSITIVE_INFINITY) - toldAt;
  const name = `delay_${delayMs}ms`;
  report.row('gateway', `${name}_calls`, load.calls.length, 'calls');
  report.row('gateway', `${name}_failed_begun_before`, began.length, 'calls');
  report.row('gateway', `${name}_failed_begun_later`, bad.length - began.length, 'calls');
  const refused = bad.filter(({ status }) => status === 503);
  report.row('gateway', `${name}_failed_with_503`, refused.length, 'calls');
  report.row('gateway', `${name}_not_ready_after`, seenMs, 'ms');
  report.row('gateway', `${name}_exit_after`, tookMs, 'ms');
  report.row('gateway', `${name}_exit_code`, code === 0 ? 0 : 1, '1');
  report.goal(`${name}: no call begun before fails (${began.length})`, began.length === 0);
  if (delayMs > 0) report.goal(`${name}: no call fails at all (${bad.length})`, bad.length === 0);
  report.goal(
    `${name}: /readyz says 503 within 100 ms (${seenMs.toFixed(0)})`,
    seenMs <= NOT_READY_WITHIN_MS,
  );
  report.goal(
    `${name}: it exits with 0 in time (${code} after ${tookMs.toFixed(0)} ms)`,
    code === 0 && tookMs <= TIMEOUT_MS,
  );
}
