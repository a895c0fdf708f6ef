// `stop`: one of three upstreams hangs (SIGSTOP), once under load and once with no traffic at all, and goes on again.
import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosCase, Settings } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { failed, Load } from '../load.ts';
import { whenInRotation } from '../metrics.ts';
import type { Rig } from '../run-subjects.ts';
import { runSubjects } from '../run-subjects.ts';

const timeoutOf = ({ quick }: Settings) => (quick ? 1500 : 10_000);
const intervalOf = ({ quick }: Settings) => (quick ? 1000 : 10_000);

/** Calls take 100 ms: one that takes so long was held up. */
const SLOW_MS = 1000;

export const stop: ChaosCase = {
  name: 'stop',
  about: 'SIGSTOP one of three upstreams, under load and without traffic, then SIGCONT',
  run(lab, settings) {
    const health = { interval: `${intervalOf(settings)}ms` };
    const plan = { timeoutMs: timeoutOf(settings), ...(settings.quick && { pool: { health } }) };
    return runSubjects(new Report('stop', settings.clients), lab, settings, plan, measure);
  },
};

async function measure(rig: Rig): Promise<void> {
  const { subject, running, replicas, settings, report } = rig;
  const [victim] = replicas;
  const timeoutMs = timeoutOf(settings);
  const load = new Load(running.port, settings.clients);
  await pause(settings.quick ? 1000 : 3000);
  const stoppedAt = performance.now();
  victim.signal('SIGSTOP');
  const out = subject === 'gateway' ? whenInRotation(running, victim.port, false, 2 * timeoutMs) : undefined;
  await pause(2 * timeoutMs);
  const outAt = await out;
  await load.stop();
  const bad = failed(load.calls);
  const slow = load.calls.filter(({ startedAt, endedAt }) => endedAt - startedAt > SLOW_MS);
  // Whatever was begun before and neither failed nor took long had been answered, or was elsewhere.
  const inFlight = new Set([...bad, ...slow].filter(({ startedAt }) => startedAt <= stoppedAt)).size;
  const later = bad.filter(({ startedAt }) => startedAt > stoppedAt).length;
  report.row(subject, 'calls', load.calls.length, 'calls');
  report.row(subject, 'in_flight_on_it', inFlight, 'calls');
  report.row(subject, 'failed', bad.length, 'calls');
  report.row(subject, 'failed_safe', bad.filter(({ safe }) => safe).length, 'calls');
  report.row(subject, 'failed_started_before', bad.length - later, 'calls');
  report.row(subject, 'failed_started_later', later, 'calls');
  report.row(subject, 'slow_over_1s', slow.length, 'calls');
  victim.signal('SIGCONT');
  if (subject !== 'gateway') return;

  const firstTimeout = stoppedAt + timeoutMs;
  report.goal(
    `at most as many calls fail as were in flight on it, and 2 more (${bad.length} for ${inFlight})`,
    bad.length <= inFlight + 2,
  );
  if (outAt !== undefined) report.row(subject, 'out_of_rotation_after', outAt - stoppedAt, 'ms');
  report.goal(
    'out of rotation within 1 s of the first timeout',
    outAt !== undefined && outAt <= firstTimeout + 1000,
  );
  await comesBack(rig, 'under load');
  await withoutTraffic(rig);
}

async function withoutTraffic(rig: Rig): Promise<void> {
  const { subject, running, replicas, settings, report } = rig;
  const [, victim] = replicas;
  const limitMs = 1.2 * intervalOf(settings) + (settings.quick ? 3000 : 0);
  const stoppedAt = performance.now();
  victim.signal('SIGSTOP');
  const outAt = await whenInRotation(running, victim.port, false, limitMs + 5000);
  victim.signal('SIGCONT');
  report.row(subject, 'out_of_rotation_idle', (outAt ?? Number.POSITIVE_INFINITY) - stoppedAt, 'ms');
  report.goal(
    `out of rotation within ${limitMs / 1000} s without any traffic`,
    outAt !== undefined && outAt - stoppedAt <= limitMs,
  );
  await comesBack({ ...rig, replicas: [victim, victim, victim] }, 'without traffic');
}

async function comesBack({ subject, running, replicas, settings, report }: Rig, when: string): Promise<void> {
  const limitMs = 2 * intervalOf(settings);
  const continuedAt = performance.now();
  const backAt = await whenInRotation(running, replicas[0].port, true, limitMs + 1000);
  const tookMs = (backAt ?? Number.POSITIVE_INFINITY) - continuedAt;
  report.row(subject, `back_${when.replaceAll(' ', '_')}`, tookMs, 'ms');
  report.goal(`back within two probe intervals, ${when}`, tookMs <= limitMs);
}
