// `black_hole`: one of three upstreams answers 500 at once, so that the fewest connections are always there.
import { setTimeout as pause } from 'node:timers/promises';
import type { ChaosCase } from '../chaos-case.ts';
import { Report } from '../chaos-case.ts';
import { failed, Load } from '../load.ts';
import type { Rig } from '../run-subjects.ts';
import { runSubjects } from '../run-subjects.ts';
import type { FaultMode } from '../upstream/faulty-server.ts';

const TIMEOUT_MS = 10_000;

export const blackHole: ChaosCase = {
  name: 'black_hole',
  about: 'one of three upstreams answers 500 at once: to everything, and to calls only',
  async run(lab, settings) {
    const plan = { timeoutMs: TIMEOUT_MS };
    const report = new Report('black_hole', settings.clients);
    await runSubjects(report, lab, settings, plan, (rig) => measure(rig, 'status_500', 'all'));
    await runSubjects(report, lab, settings, plan, (rig) => measure(rig, 'call_500', 'calls'));
    return report;
  },
};

async function measure(
  { subject, running, replicas, settings, report }: Rig,
  mode: FaultMode,
  label: string,
): Promise<void> {
  const [victim] = replicas;
  // The other proxies fail so fast that a minute of it would only burn the machine.
  const seconds = settings.quick ? 3 : subject === 'gateway' ? 60 : 8;
  await victim.fault(mode);
  const load = new Load(running.port, settings.clients);
  await pause(seconds * 1000);
  await load.stop();
  await victim.fault('none');
  const bad = failed(load.calls);
  const share = bad.length / load.calls.length;
  report.row(subject, `calls_${label}`, load.calls.length, 'calls');
  report.row(subject, `failed_${label}`, bad.length, 'calls');
  report.row(subject, `failed_share_${label}`, share, 'share');
  if (subject === 'gateway') {
    report.goal(`at most 1 % of calls fail, 500 to ${label} (${(share * 100).toFixed(2)} %)`, share <= 0.01);
  }
}
