// `amplification`: retries under general failure stay within their budget, and no unsafe call arrives twice, whatever breaks.
import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosCase } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { Load } from '../load.ts';
import type { Rig } from '../run-subjects.ts';
import { runSubjects } from '../run-subjects.ts';

const TIMEOUT_MS = 2000;

export const amplification: ChaosCase = {
  name: 'amplification',
  about: 'all upstreams answer 503; then random faults: retries stay in budget, no unsafe call arrives twice',
  run: (lab, settings) =>
    runSubjects(
      new Report('amplification', settings.clients),
      lab,
      settings,
      { timeoutMs: TIMEOUT_MS },
      async (rig) => {
        await allDown(rig);
        await randomFaults(rig);
      },
    ),
};

async function allDown({ subject, running, replicas, settings, report }: Rig): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.fault('status_503')));
  const load = new Load(running.port, Math.min(50, settings.clients));
  await pause(settings.quick ? 2000 : 5000);
  await load.stop();
  const attempts = replicas.reduce((sum, replica) => sum + replica.journal().arrived.length, 0);
  const calls = load.calls.length;
  report.row(subject, 'calls_all_503', calls, 'calls');
  report.row(subject, 'attempts_all_503', attempts, 'attempts');
  report.row(subject, 'attempts_per_call', attempts / calls, '1');
  if (subject === 'gateway') {
    report.goal(`at most 1.2 attempts a call and 3 (${attempts} for ${calls})`, attempts <= 1.2 * calls + 3);
  }
}

async function randomFaults({ subject, running, replicas, settings, report }: Rig): Promise<void> {
  for (const replica of replicas) replica.clear();
  await Promise.all(replicas.map((replica) => replica.fault('random')));
  const wanted = settings.quick ? 1500 : 50_000;
  const lastMoment = performance.now() + (settings.quick ? 15_000 : 180_000);
  const load = new Load(running.port, settings.clients);
  while (load.calls.length < wanted && performance.now() < lastMoment) await pause(50);
  await load.stop();
  const seen = new Set<string>();
  let twice = 0;
  let safeTwice = 0;
  for (const nonce of replicas.flatMap((replica) => replica.journal().arrived)) {
    if (!seen.has(nonce)) seen.add(nonce);
    else if (nonce.startsWith('w')) twice++;
    else safeTwice++;
  }
  const foreign = load.calls.filter((call) => call.foreign).length;
  const ok = load.calls.filter((call) => call.ok).length;
  report.row(subject, 'calls_random_faults', load.calls.length, 'calls');
  report.row(subject, 'succeeded_random_faults', ok, 'calls');
  report.row(subject, 'safe_calls_repeated', safeTwice, 'calls');
  report.row(subject, 'unsafe_calls_received_twice', twice, 'calls');
  report.row(subject, 'foreign_answers', foreign, 'calls');
  if (subject !== 'gateway') return;
  report.goal(`no unsafe call is received twice in ${load.calls.length} calls`, twice === 0);
  report.goal('no answer reaches another caller', foreign === 0);
  if (!settings.quick) report.goal('50 000 calls were made', load.calls.length >= wanted);
}
