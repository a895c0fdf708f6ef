// `kill`: one of three upstreams is killed with SIGKILL under load, and started again.
import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosCase } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { failed, Load, percentile } from '../load.ts';
import type { Rig } from '../run-subjects.ts';
import { runSubjects } from '../run-subjects.ts';

const TIMEOUT_MS = 10_000;

export const kill: ChaosCase = {
  name: 'kill',
  about: 'kill -9 one of three upstreams, then start it again',
  run: (lab, settings) =>
    runSubjects(new Report('kill', settings.clients), lab, settings, { timeoutMs: TIMEOUT_MS }, measure),
};

async function measure({
  subject,
  running,
  replicas: [victim, ...others],
  settings,
  report,
}: Rig): Promise<void> {
  const [beforeMs, goneMs, backMs] = settings.quick ? [1500, 2500, 2000] : [4000, 5000, 15_000];
  const load = new Load(running.port, settings.clients);
  await pause(beforeMs);
  const diedInMs = victim.kill();
  // No call has begun since the signal: what begins later meets a server that is dead, not one that is dying.
  const killedAt = performance.now();
  const { arrived, answered } = victim.journal();
  const inFlight = arrived.filter((nonce) => !answered.has(nonce));
  await pause(goneMs);
  const restartedAt = performance.now();
  await victim.start();
  await pause(backMs);
  await load.stop();

  const bad = failed(load.calls);
  const beforeKill = bad.filter(({ startedAt }) => startedAt <= killedAt);
  const later = bad.filter(({ startedAt }) => startedAt > killedAt && startedAt <= restartedAt);
  const afterReturn = bad.filter(({ startedAt }) => startedAt > restartedAt);
  const baseline = load.calls.filter(
    ({ startedAt }) => startedAt > killedAt - 1000 && startedAt < killedAt - 200,
  );
  const next = load.calls.filter(({ startedAt }) => startedAt > killedAt && startedAt < killedAt + 2000);
  const figures = {
    safe_failed: bad.filter(({ safe }) => safe).length,
    unsafe_failed: bad.filter(({ safe }) => !safe).length,
    unsafe_in_flight_on_it: inFlight.filter((nonce) => nonce.startsWith('w')).length,
    failed_started_before: beforeKill.length,
    failed_started_later: later.length,
    failed_after_return: afterReturn.length,
  };
  // A call may have left the proxy, and not yet be in the journal, when the process dies; then it is in no journal.
  const elsewhere = new Set(others.flatMap((replica) => replica.journal().arrived));
  const strangers = beforeKill.filter(({ safe, nonce }) => !safe && elsewhere.has(nonce)).length;
  report.row(subject, 'calls', load.calls.length, 'calls');
  report.row(subject, 'died_in', diedInMs, 'ms');
  for (const [metric, value] of Object.entries(figures)) report.row(subject, metric, value, 'calls');
  const p99 = percentile(baseline, 0.99);
  const p99Next = percentile(next, 0.99);
  report.row(subject, 'p99_before', p99, 'ms');
  report.row(subject, 'p99_next_2s', p99Next, 'ms');
  const share = load.calls.filter(({ startedAt }) => startedAt > restartedAt + backMs - 1000).length;
  report.row(subject, 'calls_in_last_second', share, 'calls');
  if (subject !== 'gateway') return;
  report.goal('no safe call fails', figures.safe_failed === 0);
  report.goal('unsafe calls that fail were in flight on it or on the wire to it', strangers === 0);
  report.goal(`at most one call started later fails (${later.length})`, later.length <= 1);
  report.goal(`p99 stays within 3 x (${p99.toFixed(0)} to ${p99Next.toFixed(0)} ms)`, p99Next <= 3 * p99);
  report.goal('its return fails no call', afterReturn.length === 0);
}
